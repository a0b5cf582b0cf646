use super::*;
use crate::error::ErrorKind;

fn check(config: &Config, environment: &[(&str, &str)]) -> Result<Checked> {
    config.check_with(&|name| {
        let variable = environment.iter().find(|(known, _)| *known == name);
        variable.map(|(_, value)| (*value).to_owned())
    })
}

fn lease() -> Config {
    Config::new("monolith-jobs")
}

/// The message of a refused configuration, which names field, value and fix.
fn refusal(config: &Config, environment: &[(&str, &str)]) -> String {
    let error = check(config, environment).expect_err("this configuration is wrong");
    assert_eq!(error.kind(), ErrorKind::Config);
    error.message().to_owned()
}

#[test]
fn a_lease_name_is_all_it_takes() {
    let checked = check(&lease(), &[]).unwrap();
    let settings = checked.election();
    assert_eq!(settings.lease_duration, Duration::from_secs(15));
    assert_eq!(settings.renew_deadline, Duration::from_secs(10));
    assert_eq!(settings.retry_period, Duration::from_secs(2));
    assert_eq!(checked.stall_timeout(), Some(Duration::from_secs(30)));
    assert!(settings.release_on_stop);
    assert!(!settings.reclaim);
}

#[test]
fn the_program_comes_before_the_environment_and_that_before_the_default() {
    let environment = [
        ("LEASEHOLD_LEASE_DURATION", "30s"),
        ("LEASEHOLD_RETRY_PERIOD", "500ms"),
        ("LEASEHOLD_RENEW_DEADLINE", ""),
        ("LEASEHOLD_STALL_TIMEOUT", "0"),
        ("POD_NAMESPACE", "billing"),
    ];
    let config = lease().retry_period(Duration::from_secs(1));
    let checked = check(&config, &environment).unwrap();
    assert_eq!(checked.lease_duration, Duration::from_secs(30));
    assert_eq!(checked.retry_period, Duration::from_secs(1));
    assert_eq!(checked.renew_deadline, crate::DEFAULT_RENEW_DEADLINE);
    assert_eq!(checked.stall_timeout(), None);
    assert_eq!(
        checked.namespace(),
        Some(("billing".into(), NamespaceSource::PodNamespace))
    );
}

#[test]
fn a_missing_lease_name_is_asked_for() {
    assert_eq!(
        refusal(&Config::from_env(), &[]),
        "lease = (none): name the Lease, or set LEASEHOLD_LEASE"
    );
    let checked = check(&Config::from_env(), &[("LEASEHOLD_LEASE", "jobs")]).unwrap();
    assert_eq!(checked.lease, "jobs");
}

#[test]
fn each_wrong_field_is_named_with_its_value_and_the_fix() {
    let seconds = Duration::from_secs;
    let cases = [
        (
            Config::new("Monolith"),
            "lease = `Monolith`: use lower-case letters",
        ),
        (
            Config::new("a..b"),
            "lease = `a..b`: use lower-case letters",
        ),
        (Config::new("x".repeat(254)), "at most 253 characters"),
        (
            lease().namespace("a.b"),
            "namespace = `a.b`: use lower-case letters",
        ),
        (
            lease().identity(" "),
            "identity = ` `: use 1 to 253 printable",
        ),
        (
            lease().identity("a\nb"),
            "identity = `a\\nb`: use 1 to 253 printable",
        ),
        (
            lease().lease_duration(Duration::from_millis(2_500)),
            "lease_duration = 2.5 s: use whole",
        ),
        (
            lease().lease_duration(seconds(0)),
            "lease_duration = 0 s: use whole seconds, at least 1",
        ),
        (
            lease().renew_deadline(seconds(15)),
            "renew_deadline = 15 s: must be shorter than lease",
        ),
        (
            lease().retry_period(seconds(0)),
            "retry_period = 0 s: use more than zero",
        ),
        (
            lease().retry_period(seconds(9)),
            "renew_deadline = 10 s: must be longer than 1.2 × retry",
        ),
        (
            lease().reclaim(true),
            "reclaim = true: takes up the record of an earlier run",
        ),
    ];
    for (config, expected) in cases {
        let message = refusal(&config, &[]);
        assert!(
            message.contains(expected),
            "{message:?} does not say {expected:?}"
        );
    }
}

#[test]
fn each_wrong_variable_is_named_with_its_value_and_the_fix() {
    let cases = [
        (
            "LEASEHOLD_MODE",
            "cluster",
            "use one of `auto`, `kubernetes`, `file`, `always`, `never`",
        ),
        (
            "LEASEHOLD_LEASE_DURATION",
            "soon",
            "use seconds, or a form such as `15s`",
        ),
        (
            "LEASEHOLD_RENEW_DEADLINE",
            "-1",
            "use seconds, or a form such as `15s`",
        ),
        (
            "LEASEHOLD_RETRY_PERIOD",
            "2 parsecs",
            "use seconds, or a form such as `15s`",
        ),
        (
            "LEASEHOLD_DRAIN_TIMEOUT",
            "NaN",
            "use seconds, or a form such as `15s`",
        ),
        (
            "LEASEHOLD_STALL_TIMEOUT",
            "x",
            "use seconds, or a form such as `15s`",
        ),
        ("LEASEHOLD_RELEASE_ON_STOP", "yes", "use `true` or `false`"),
        ("LEASEHOLD_RECLAIM", "1", "use `true` or `false`"),
    ];
    for (name, value, fix) in cases {
        let message = refusal(&lease(), &[(name, value)]);
        assert_eq!(message, format!("{name} = `{value}`: {fix}"));
    }
}

#[test]
fn what_came_from_the_environment_is_called_by_its_variable() {
    let environment = [
        ("LEASEHOLD_LEASE_DURATION", "5s"),
        ("POD_NAMESPACE", "a.b"),
        ("LEASEHOLD_RECLAIM", "true"),
    ];
    let default = refusal(&lease().namespace("shop"), &environment);
    assert!(
        default.starts_with(
            "renew_deadline = 10 s: must be shorter than LEASEHOLD_LEASE_DURATION (5 s), "
        ),
        "{default}"
    );
    let of_pod = refusal(&lease(), &environment);
    assert!(of_pod.starts_with("POD_NAMESPACE = `a.b`: "), "{of_pod}");
    let config = lease()
        .namespace("shop")
        .lease_duration(Duration::from_secs(15));
    let reclaim = refusal(&config, &environment);
    assert!(
        reclaim.starts_with("LEASEHOLD_RECLAIM = true: "),
        "{reclaim}"
    );
}

#[test]
fn a_lease_duration_that_a_lease_cannot_keep_is_refused_with_the_longest() {
    let longest = Duration::from_secs(2_147_483_647);
    check(&lease().lease_duration(longest), &[]).unwrap();
    let longer = longest + Duration::from_secs(1);
    assert_eq!(
        refusal(&lease().lease_duration(longer), &[]),
        "lease_duration = 2147483648 s: use at most 2147483647 s: a Lease keeps nothing longer"
    );
}

#[test]
fn the_table_of_settings_describes_what_is_so_when_nothing_is_set() {
    use crate::vocabulary::{Default, SETTINGS};

    let checked = check(&lease(), &[]).unwrap();
    let settings = checked.election();
    let seconds = |time: Duration| format!("{}s", time.as_secs());
    let expected = [
        ("mode", checked.mode.to_string()),
        ("lease_duration", seconds(settings.lease_duration)),
        ("renew_deadline", seconds(settings.renew_deadline)),
        ("retry_period", seconds(settings.retry_period)),
        ("drain_timeout", seconds(settings.drain_timeout)),
        ("stall_timeout", seconds(checked.stall_timeout)),
        ("release_on_stop", settings.release_on_stop.to_string()),
        ("reclaim", settings.reclaim.to_string()),
        ("proof_of_death", checked.proof_of_death.to_string()),
        ("spread", seconds(settings.spread)),
        ("preference", settings.preference.to_string()),
        ("kubernetes_events", checked.kubernetes_events.to_string()),
    ];
    let table = SETTINGS.iter().filter_map(|setting| match setting.default {
        Default::Value(text) => Some((setting.name, text.to_owned())),
        _ => None,
    });
    assert_eq!(table.collect::<Vec<_>>(), expected);
    assert!(SETTINGS.iter().all(|setting| setting.docs.ends_with(".\n")));
}
