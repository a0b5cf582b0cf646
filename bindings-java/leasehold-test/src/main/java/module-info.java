/** An election that a test decides, and a JUnit 5 extension that hands it out. */
module io.leasehold.test {
    requires transitive io.leasehold;
    requires static transitive org.junit.jupiter.api;

    exports io.leasehold.test;
}
