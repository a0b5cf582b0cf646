package io.leasehold.spring;

import io.leasehold.Registration;
import java.util.ArrayList;
import java.util.List;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.ApplicationContext;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.ApplicationEventMulticaster;
import org.springframework.context.support.AbstractApplicationContext;

/**
 * Tells the listeners of a context whose elections are not its own: those of its parent, whose events do not reach a
 * child, or of a test.
 */
final class VisitingEvents implements SmartLifecycle {
    private final ApplicationContext context;
    private final ObjectProvider<ClusterLeaderService> services;
    private final List<Registration> registrations = new ArrayList<>();
    private volatile boolean running;

    VisitingEvents(ApplicationContext context, ObjectProvider<ClusterLeaderService> services) {
        this.context = context;
        this.services = services;
    }

    @Override
    public void start() {
        running = true;
        ClusterLeaderService service = services.getIfUnique();
        boolean ownElections = context.getBeanNamesForType(Elections.class).length > 0;
        if (service == null || ownElections) {
            return;
        }
        ContextProgress hasStarted = new ContextProgress();
        hasStarted.hasStarted();
        for (String name : service.electionNames()) {
            EventPublisher publisher = new EventPublisher(name, this::tellThisContext, hasStarted);
            registrations.add(service.election(name).addListener(publisher));
        }
    }

    /** A parent publishes to its own listeners itself. */
    private void tellThisContext(Object event) {
        String name = AbstractApplicationContext.APPLICATION_EVENT_MULTICASTER_BEAN_NAME;
        context.getBean(name, ApplicationEventMulticaster.class)
                .multicastEvent(new PayloadApplicationEvent<>(context, event));
    }

    @Override
    public void stop() {
        registrations.forEach(Registration::close);
        registrations.clear();
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Events begin when everything else has started. */
    @Override
    public int getPhase() {
        return Integer.MAX_VALUE;
    }
}
