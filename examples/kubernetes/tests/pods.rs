//! What each pod has beyond what Pod Security asks for.

use anyhow::Result;
use serde_json::{Value, json};

use crate::application::applications;

fn variable<'a>(container: &'a Value, name: &str) -> Option<&'a Value> {
    container["env"]
        .as_array()?
        .iter()
        .find(|variable| variable["name"] == name)
}

#[test]
fn no_container_can_write_to_its_image_or_take_all_memory() -> Result<()> {
    for application in applications()? {
        for pod in application.pods() {
            for container in pod.containers() {
                let who = format!("{}: {}", pod.name, container["name"]);
                assert_eq!(
                    container["securityContext"]["readOnlyRootFilesystem"], true,
                    "{who}"
                );
                for part in ["/requests/cpu", "/requests/memory", "/limits/memory"] {
                    assert!(
                        container["resources"].pointer(part).is_some(),
                        "{who}: {part}"
                    );
                }
            }
        }
    }
    Ok(())
}

#[test]
fn candidates_are_told_their_names_and_settings_and_others_get_no_token() -> Result<()> {
    for application in applications()? {
        let candidate = application.candidate()?;
        for container in candidate.containers() {
            for (name, field) in [
                ("POD_NAME", "metadata.name"),
                ("POD_NAMESPACE", "metadata.namespace"),
            ] {
                let source =
                    variable(container, name).map(|it| &it["valueFrom"]["fieldRef"]["fieldPath"]);
                assert_eq!(source, Some(&json!(field)), "{}: {name}", candidate.name);
            }
        }
        assert!(
            application.setting("LEASEHOLD_LEASE")?.is_some(),
            "{}",
            candidate.name
        );
        for pod in application.pods().filter(|pod| pod.name != candidate.name) {
            assert_eq!(
                pod.spec()["automountServiceAccountToken"],
                false,
                "{}",
                pod.name
            );
        }
    }
    Ok(())
}

/// Each Service sends requests somewhere.
#[test]
fn each_service_selects_pods_that_have_its_port() -> Result<()> {
    for application in applications()? {
        for service in application.of_kind("Service") {
            let selector = service["spec"]["selector"].as_object();
            if selector.is_none() {
                // The leader's address is in a slice, which a test of its own looks at.
                let mut slices = application.of_kind("EndpointSlice");
                let of = |it: &Value| it["metadata"]["name"] == service["metadata"]["name"];
                assert!(slices.any(of), "{service}");
                continue;
            }
            let selected = application.pods().find(|pod| {
                let labels = &pod.template["metadata"]["labels"];
                selector.is_some_and(|selector| {
                    selector.iter().all(|(name, value)| labels[name] == *value)
                })
            });
            let who = format!("{}: {}", application.name, service["metadata"]["name"]);
            let selected = selected.unwrap_or_else(|| panic!("{who} selects no pods"));
            let port = &service["spec"]["ports"][0];
            let target = port.get("targetPort").unwrap_or(&port["port"]);
            let mut ports = selected
                .containers()
                .filter_map(|it| it["ports"].as_array())
                .flatten();
            assert!(
                ports.any(|it| it["name"] == *target || it["containerPort"] == *target),
                "{who}"
            );
        }
    }
    Ok(())
}
