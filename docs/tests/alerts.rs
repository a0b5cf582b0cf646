//! The alerts and the dashboard ask for metrics, labels and values that exist.

use leasehold::{Config, Mode};
use promql_parser::label::Matchers;
use promql_parser::parser::{self, Expr, LabelModifier};
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::Value;

const ALERTS: &str = include_str!("../../examples/prometheus/alerts.yaml");
const DASHBOARD: &str = include_str!("../../examples/prometheus/dashboard.json");

/// Labels that Prometheus adds to what it scrapes from a pod.
const OF_THE_POD: [&str; 2] = ["namespace", "pod"];

#[test]
fn each_alert_asks_for_a_metric_that_an_election_has() {
    let file: Value = serde_saphyr::from_str(ALERTS).expect("YAML");
    let rules = file["groups"][0]["rules"].as_array().expect("rules");
    let names = check(rules.iter().map(|rule| text(&rule["expr"])));
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn each_panel_asks_for_a_metric_that_an_election_has_and_each_metric_has_a_panel() {
    let names = check(panels().iter().flat_map(expressions));
    for line in metrics().lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let name = rest.split(' ').next().expect("a name");
            let is_shown = |it: &String| it.strip_suffix("_total").unwrap_or(it) == name;
            assert!(names.iter().any(is_shown), "no panel shows {name}");
        }
    }
}

#[test]
fn panels_have_a_place_of_their_own_and_the_source_that_is_chosen() {
    let panels = panels();
    let mut taken = Vec::new();
    for panel in &panels {
        let title = text(&panel["title"]);
        assert!(!text(&panel["description"]).is_empty(), "{title}");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let place = &panel["gridPos"];
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|it| place[it].as_u64().expect("a number"));
        assert!(x + w <= 24, "{title} is wider than a dashboard");
        for column in x..x + w {
            for row in y..y + h {
                assert!(!taken.contains(&(column, row)), "{title} lies over another");
                taken.push((column, row));
            }
        }
    }
    let mut ids: Vec<_> = panels.iter().map(|it| it["id"].as_u64()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), panels.len(), "a number twice");
}

fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    dashboard["panels"].as_array().expect("panels").clone()
}

/// What a panel asks for, with what Grafana puts in place of its variables.
fn expressions(panel: &Value) -> Vec<String> {
    let targets = panel["targets"].as_array().expect("targets");
    let expression = |it: &Value| text(&it["expr"]).replace("$__rate_interval", "1m");
    targets.iter().map(expression).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Returns which metrics the expressions read, of which each is there, with all labels and values.
fn check(expressions: impl Iterator<Item = String>) -> Vec<String> {
    let metrics = metrics();
    let mut names = Vec::new();
    let is_label =
        |label: &str| OF_THE_POD.contains(&label) || metrics.contains(&format!("{label}=\""));
    for expression in expressions {
        let asked = asked(&expression);
        for label in asked.grouped_by {
            assert!(is_label(&label), "no label {label} for {expression}");
        }
        for selector in asked.selectors {
            assert!(metrics.contains(&selector.name), "{expression}");
            names.push(selector.name);
            for label in selector.matchers.matchers {
                // What a variable of the dashboard stands for is what there is.
                if label.value.starts_with('$') {
                    assert!(is_label(&label.name), "no {} for {expression}", label.name);
                    continue;
                }
                for value in label.value.split('|') {
                    let series = format!("{}=\"{value}\"", label.name);
                    assert!(metrics.contains(&series), "no {series} for {expression}");
                }
            }
        }
    }
    names
}

/// What an election says from its start, so that each increase can be seen.
fn metrics() -> String {
    let election = Config::new("jobs")
        .mode(Mode::Always)
        .start()
        .expect("an election");
    let metrics = election.metrics();
    election.stop().expect("its end");
    metrics
}

#[derive(Default)]
struct Asked {
    selectors: Vec<Selector>,
    grouped_by: Vec<String>,
}

struct Selector {
    name: String,
    matchers: Matchers,
}

impl ExprVisitor for Asked {
    type Error = ();
    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, ()> {
        let selector = match expression {
            Expr::VectorSelector(selector) => selector,
            Expr::MatrixSelector(range) => &range.vs,
            Expr::Aggregate(aggregate) => {
                if let Some(LabelModifier::Include(by)) = &aggregate.modifier {
                    self.grouped_by.extend(by.labels.iter().cloned());
                }
                return Ok(true);
            }
            _ => return Ok(true),
        };
        self.selectors.push(Selector {
            name: selector.name.clone().expect("a name"),
            matchers: selector.matchers.clone(),
        });
        Ok(true)
    }
}

/// Which series `expression` reads, and the labels by which it groups them.
fn asked(expression: &str) -> Asked {
    let parsed = parser::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let mut asked = Asked::default();
    walk_expr(&mut asked, &parsed).expect("a visit");
    asked
}
