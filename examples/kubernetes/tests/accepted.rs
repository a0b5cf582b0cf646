//! A real API server takes all that is applied, and has nothing to warn of.

use anyhow::{Context, Result};
use serde_json::json;

use crate::application::applications;
use crate::namespace::Namespace;

#[test]
fn the_api_server_takes_each_object_and_warns_of_nothing() -> Result<()> {
    for application in applications()? {
        let namespace = Namespace::restricted(&format!("objects-{}", application.name))?;
        for object in &application.objects {
            namespace
                .would_take(object)
                .with_context(|| application.name.clone())?;
        }
    }
    Ok(())
}

/// Of a Deployment, Pod Security only warns; it refuses the pods.
#[test]
fn each_pod_may_run_where_pod_security_is_restricted() -> Result<()> {
    for application in applications()? {
        let namespace = Namespace::restricted(&format!("pods-{}", application.name))?;
        for account in application.of_kind("ServiceAccount") {
            namespace.create(account)?;
        }
        for pod in application.pods() {
            let labels = &pod.template["metadata"]["labels"];
            let as_pod = json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": { "name": "pod", "labels": labels },
                "spec": pod.spec(),
            });
            namespace
                .would_take(&as_pod)
                .with_context(|| pod.name.clone())?;
        }
    }
    Ok(())
}
