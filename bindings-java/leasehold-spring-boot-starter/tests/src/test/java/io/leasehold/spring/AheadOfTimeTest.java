package io.leasehold.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.springframework.aot.test.generate.TestGenerationContext;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.aop.AopAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.test.tools.CompileWithForkedClassLoader;
import org.springframework.core.test.tools.TestCompiler;
import org.springframework.test.util.AopTestUtils;

/** What Spring writes at build time, as for a native image, compiled and run on a JVM. */
class AheadOfTimeTest {
    public static class Jobs {
        final AtomicReference<String> ran = new AtomicReference<>("not yet");

        @LeaderOnly("billing")
        public void bill() {
            ran.set("under " + LeaderAssert.assertLeader("billing").fencingToken());
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({
        AopAutoConfiguration.class,
        LeaseholdAutoConfiguration.class,
        LeaseholdActuatorAutoConfiguration.class
    })
    static class Application {
        @Bean
        Jobs jobs() {
            return new Jobs();
        }
    }

    @Test
    @CompileWithForkedClassLoader
    void anApplicationThatIsMadeAheadOfTimeElectsItsLeaderLikeAnyOther() {
        AnnotationConfigApplicationContext application = new AnnotationConfigApplicationContext();
        configure(application);
        application.register(Application.class);
        TestGenerationContext generated = new TestGenerationContext();
        new ApplicationContextAotGenerator().processAheadOfTime(application, generated);
        generated.writeGeneratedContent();
        TestCompiler.forSystem().with(generated).compile(compiled -> {
            @SuppressWarnings("unchecked")
            ApplicationContextInitializer<GenericApplicationContext> initializer =
                    compiled.getInstance(ApplicationContextInitializer.class);
            try (GenericApplicationContext context = new GenericApplicationContext()) {
                configure(context);
                initializer.initialize(context);
                context.refresh();
                Contexts.leading(context);
                Jobs jobs = context.getBean(Jobs.class);
                jobs.bill();
                Jobs target = AopTestUtils.getTargetObject(jobs);
                assertThat(target.ran.get()).startsWith("under ");
            } catch (InterruptedException ended) {
                throw new IllegalStateException(ended);
            }
        });
    }

    private static void configure(GenericApplicationContext context) {
        TestPropertyValues.of("leasehold.lease=monolith-jobs", "leasehold.mode=always")
                .and("leasehold.elections.billing.reclaim=false")
                .applyTo(context);
    }
}
