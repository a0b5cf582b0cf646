package com.example.article;

import com.jayway.jsonpath.JsonPath;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.springframework.stereotype.Service;
import org.springframework.web.client.RestTemplate;

/** Asks the sidecar of its pod whom it takes for the leader, and compares the name with its own. */
@Service
public class ClusterLeaderService {
    private final RestTemplate restTemplate = new RestTemplate();

    public boolean isThisInstanceLeader() {
        String json = restTemplate.getForObject("http://localhost:4040", String.class);
        String leader = JsonPath.read(json, "$.name");
        return leader.equals(hostName());
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException exception) {
            throw new IllegalStateException(exception);
        }
    }
}
