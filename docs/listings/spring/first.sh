java -jar jobs.jar
