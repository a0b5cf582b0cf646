java -cp leasehold-0.1.0.jar Jobs.java
