package com.example.monolith;

import java.util.List;

/** As in two terminals, without a cluster. */
class InAFolderIT extends TwoInstances {
    @Override
    List<String> access(String instance) {
        return List.of("--leasehold.mode=file", "--leasehold.directory=" + folder.resolve("leases"));
    }
}
