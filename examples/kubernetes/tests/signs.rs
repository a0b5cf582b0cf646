//! The Service that leads to the leader, with what it needs, as the manifests have it.

use std::time::Duration;

use anyhow::{Context, Result};
use leasehold::lease_store::kubernetes::role_and_binding;
use leasehold::{Config, Mode};
use serde_json::Value;

use crate::CLUSTER;
use crate::application::applications;
use crate::namespace::Namespace;

#[test]
fn the_service_leads_to_the_leader_with_the_rights_that_are_printed() -> Result<()> {
    let applications = applications()?;
    let application = applications.iter().find(|it| it.name == "signs");
    let application = application.context("the example")?;
    let namespace = Namespace::restricted("signs-in-use")?;
    for kind in ["Service", "EndpointSlice"] {
        application
            .of_kind(kind)
            .try_for_each(|object| namespace.create(object))?;
    }
    let slice = application
        .of_kind("EndpointSlice")
        .next()
        .context("a slice")?;
    let service_name = &slice["metadata"]["labels"]["kubernetes.io/service-name"];
    let mut services = application.of_kind("Service");
    let service = services.find(|it| it["metadata"]["name"] == *service_name);
    let service = service.context("the slice is of a Service")?;
    assert!(service["spec"]["selector"].is_null(), "{service}");
    assert_eq!(
        service["spec"]["ports"][0]["name"],
        slice["ports"][0]["name"]
    );

    let candidate = application.candidate()?;
    let variables = candidate.containers().find_map(|it| it["env"].as_array());
    let variables = variables.context("an environment")?;
    let variable = |name: &str| {
        let found = variables.iter().find(|it| it["name"] == name);
        found
            .and_then(|it| it["value"].as_str())
            .context(name.to_owned())
    };
    assert!(variables.iter().any(|it| it["name"] == "POD_IP"));
    let lease = application.setting("LEASEHOLD_LEASE")?.context("a Lease")?;
    let config = Config::new(lease)
        .mode(Mode::Kubernetes)
        .namespace(namespace.name())
        .kubeconfig(CLUSTER.admin_kubeconfig())
        .set(
            "kubernetes_events",
            variable("LEASEHOLD_KUBERNETES_EVENTS")?,
        )?
        .set("labels", variable("LEASEHOLD_LABELS")?)?
        .leader_service(variable("LEASEHOLD_LEADER_SERVICE")?)
        .leader_address("10.0.0.7")
        // A term waits for its route for a tenth of that at most: no machine is too slow for it.
        .lease_duration(Duration::from_secs(300))
        .renew_deadline(Duration::from_secs(200));

    let review = config
        .observe()?
        .review_access(None)?
        .context("a cluster")?;
    let beside: Vec<_> = review.beside.into_iter().map(|(it, _)| it).collect();
    let printed = role_and_binding(namespace.name(), &[lease], &beside, None);
    let printed: Value = serde_saphyr::from_str(&printed)?;
    let role = application.of_kind("Role").next().context("a Role")?;
    assert_eq!(printed["rules"], role["rules"]);

    let election = config.clone().start()?;
    election.wait_for_leadership(Duration::from_secs(60))?;
    let target = config.observe()?.route()?.context("the slice")?;
    assert_eq!(target.address.as_deref(), Some("10.0.0.7"));
    election.stop()?;
    let target = config.observe()?.route()?.context("the slice")?;
    assert_eq!(target.address, None);
    Ok(())
}
