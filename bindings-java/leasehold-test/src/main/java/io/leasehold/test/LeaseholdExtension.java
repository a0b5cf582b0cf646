package io.leasehold.test;

import io.leasehold.LeaderElection;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Hands a {@link TestLeaderElection} to each test that has a parameter of this type, or of {@link LeaderElection}: started,
 * not leading, the same for all parameters of one test, and closed after it.
 *
 * <pre>{@code
 * @ExtendWith(LeaseholdExtension.class)
 * class BillingJobTest {
 *     @Test
 *     void onlyTheLeaderBills(TestLeaderElection election) {
 *         BillingJob job = new BillingJob(election);
 *         job.run();
 *         assertEquals(0, job.invoices());
 *         election.lead();
 *         job.run();
 *         assertEquals(1, job.invoices());
 *     }
 * }
 * }</pre>
 */
public final class LeaseholdExtension implements ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(LeaseholdExtension.class);

    /** Made by JUnit. */
    public LeaseholdExtension() {}

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
        Class<?> type = parameter.getParameter().getType();
        return type == TestLeaderElection.class || type == LeaderElection.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
        // Closed by the store when the test ends.
        return test.getStore(NAMESPACE)
                .getOrComputeIfAbsent(TestLeaderElection.class, type -> TestLeaderElection.started());
    }
}
