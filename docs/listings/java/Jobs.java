import io.leasehold.LeaderElection;

class Jobs {
    public static void main(String[] arguments) throws InterruptedException {
        try (LeaderElection election = LeaderElection.builder("monolith-jobs").start()) {
            while (true) {
                // Runs on one replica only. The Lease is not given to another before it returns.
                election.runIfLeader(term -> System.out.println("the job, under token " + term.fencingToken()));
                Thread.sleep(1000);
            }
        }
    }
}
