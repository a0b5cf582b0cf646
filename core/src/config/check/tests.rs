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
    let settings = checked.settings().unwrap();
    assert_eq!(settings.lease_duration, Duration::from_secs(15));
    assert_eq!(settings.renew_deadline, Duration::from_secs(10));
    assert_eq!(settings.retry_period, Duration::from_secs(2));
    assert_eq!(checked.stall_timeout, Some(Duration::from_secs(30)));
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
    assert_eq!(checked.renew_deadline, DEFAULT_RENEW_DEADLINE);
    assert_eq!(checked.stall_timeout, None);
    assert_eq!(
        checked.namespace,
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
            lease().candidates(0_u32),
            "candidates = 0: at least this candidate",
        ),
        (
            lease().reclaim(true),
            "reclaim = true: takes up the record of one's own earlier run",
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
        (
            "LEASEHOLD_CANDIDATES",
            "many",
            "use a whole number, such as 3",
        ),
    ];
    for (name, value, fix) in cases {
        let message = refusal(&lease(), &[(name, value)]);
        assert_eq!(message, format!("{name} = `{value}`: {fix}"));
    }
}
