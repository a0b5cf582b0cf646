//! A case, as it is in its file. A field that is not known is an error that names it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::expectation::Expectation;
use super::protocol::Command;

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// From the file's name.
    #[serde(skip)]
    pub(crate) number: String,
    #[serde(skip)]
    pub(crate) file: String,
    /// What happens, as a sentence.
    pub(crate) title: String,
    /// The promise or the rule that it holds Leasehold to.
    pub(crate) holds: String,
    /// It is run once on each.
    pub(crate) stores: Vec<Store>,
    /// Variables of the agents' environment, beside which there are none of Leasehold's.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// Settings of all its candidates.
    #[serde(default)]
    pub(crate) config: Map<String, Value>,
    pub(crate) candidates: BTreeMap<String, Participant>,
    pub(crate) steps: Vec<Step>,
    /// The steps as they are in the file, for those who read why one failed.
    #[serde(skip)]
    pub(crate) source: Value,
}

/// Where the candidates keep their Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Store {
    /// A real API server.
    Kubernetes,
    /// A folder.
    File,
    /// Nowhere: the case names the mode, or never gets so far.
    None,
}

/// A candidate, as a case describes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Participant {
    /// Its own settings.
    pub(crate) config: Map<String, Value>,
    /// Which process it lives in; by default the one of all who do not say.
    pub(crate) process: Option<String>,
    /// Whether it reaches the API server through a network that can be cut.
    pub(crate) behind_proxy: bool,
    /// Whether its token is in a file of its own, and may expire.
    pub(crate) token_may_expire: bool,
    /// Whether its listener holds each `lost` until asked to acknowledge it.
    pub(crate) hold_losses: bool,
}

/// What happens next, or what must be.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Step {
    /// The application calls a method.
    Call(Call),
    /// A call that was not waited for has been answered.
    Answer(LaterAnswer),
    /// A listener is notified.
    Event(ExpectedEvent),
    /// The log of a candidate's process has such a line.
    Log(ExpectedLine),
    /// Somebody else touches the Lease, or looks at it.
    Lease(LeaseStep),
    /// The candidates' Role is replaced by the documented one without these verbs.
    WithoutVerbs(Vec<Verb>),
    /// The network of the candidates behind the proxy.
    Network(NetworkStep),
    /// The token of the candidates whose token may expire.
    Token(TokenStep),
    /// The API server. Such a case has the cluster to itself.
    Server(ServerStep),
    /// A process of candidates.
    Process(ProcessStep),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    pub(crate) on: String,
    /// The method.
    pub(crate) r#do: String,
    /// Its arguments. For `new` they are laid over the case's.
    #[serde(default)]
    pub(crate) with: Map<String, Value>,
    /// What it must return.
    #[serde(default, deserialize_with = "present")]
    pub(crate) answers: Option<Expectation>,
    /// What it must raise. With neither, it must return, with any value.
    #[serde(default)]
    pub(crate) raises: Option<ExpectedError>,
    /// Whether to ask again until the answer is as expected.
    #[serde(default)]
    pub(crate) eventually: bool,
    /// Goes on without the answer, which is known by this name.
    #[serde(default)]
    pub(crate) answered_as: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LaterAnswer {
    /// The name that the call gave it.
    pub(crate) named: String,
    #[serde(default, deserialize_with = "present")]
    pub(crate) answers: Option<Expectation>,
    #[serde(default)]
    pub(crate) raises: Option<ExpectedError>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedError {
    pub(crate) kind: String,
    /// Parts of the message.
    #[serde(default)]
    pub(crate) says: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedEvent {
    pub(crate) of: String,
    pub(crate) is: EventName,
    /// What it must carry.
    #[serde(default)]
    pub(crate) with: Option<Expectation>,
}

/// One line of what a process writes to its standard error.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedLine {
    pub(crate) of: String,
    /// Parts of the line.
    pub(crate) says: Vec<String>,
    /// How many such lines there are so far.
    pub(crate) times: usize,
}

impl Store {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::File => "file",
            Self::None => "none",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventName {
    Acquired,
    Lost,
    Stopped,
    LeaderChanged,
    RenewalFailing,
    /// Work under `run_if_leader` has begun.
    Working,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum LeaseStep {
    /// Somebody creates it, as an installation may, with this spec.
    Create(Value),
    /// Somebody changes fields, by a JSON merge patch.
    Edit(Value),
    /// Another client writes itself in as the holder.
    Take { holder: String, duration: u32 },
    /// Somebody deletes it.
    Delete {},
    /// Somebody spoils its file.
    Damage {},
    /// It is like this now.
    Is(Expectation),
    /// It will be like this.
    Becomes(Expectation),
    /// It is renewed so many times.
    Renewed(u32),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verb {
    Get,
    Create,
    Update,
    Watch,
}

impl Verb {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Create => "create",
            Self::Update => "update",
            Self::Watch => "watch",
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NetworkStep {
    /// Nothing passes, nothing is closed.
    Silence,
    /// Each connection is reset.
    Reset,
    Heal,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenStep {
    Expire,
    Renew,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ServerStep {
    Kill,
    Restart,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ProcessStep {
    /// SIGKILL.
    Kill(String),
    /// SIGSTOP.
    Pause(String),
    /// SIGCONT.
    Resume(String),
}

/// An expectation that is there, be it null.
fn present<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Option<Expectation>, D::Error> {
    Expectation::deserialize(source).map(Some)
}

impl Case {
    /// All cases, in the order of their numbers.
    pub(crate) fn load_all() -> Result<Vec<Self>> {
        let folder = folder();
        let mut files = fs::read_dir(&folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<_>>>()?;
        files.sort();
        files.iter().map(|file| Self::load(file)).collect()
    }

    fn load(file: &Path) -> Result<Self> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(file)?;
        Self::parse(&name, &text).with_context(|| format!("the case {name} is malformed"))
    }

    pub(crate) fn parse(name: &str, text: &str) -> Result<Self> {
        let number = name.split('-').next().unwrap_or_default();
        let well_named = number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
        ensure!(
            well_named && Path::new(name).extension().is_some_and(|it| it == "json"),
            "its name must be three digits, a dash, words, and `.json`"
        );
        let source = &mut serde_json::Deserializer::from_str(text);
        let mut case: Self = serde_path_to_error::deserialize(source)?;
        number.clone_into(&mut case.number);
        name.clone_into(&mut case.file);
        case.source = serde_json::from_str::<Value>(text)?["steps"].take();
        for (index, step) in case.steps.iter().enumerate() {
            case.check(step)
                .with_context(|| format!("steps[{index}]"))?;
        }
        Ok(case)
    }

    fn check(&self, step: &Step) -> Result<()> {
        let name = match step {
            Step::Call(call) => {
                call.command(&Map::new(), false)?;
                &call.on
            }
            Step::Event(event) => &event.of,
            Step::Log(line) => &line.of,
            _ => return Ok(()),
        };
        let known = self.candidates.contains_key(name)
            || matches!(step, Step::Event(_)) && self.listeners().any(|listener| listener == name);
        ensure!(known, "there is no candidate {name}");
        Ok(())
    }

    /// The names of further listeners.
    fn listeners(&self) -> impl Iterator<Item = &Value> {
        self.steps.iter().filter_map(|step| match step {
            Step::Call(call) if call.r#do == "add_listener" => call.with.get("named"),
            _ => None,
        })
    }

    /// Whether nobody else may use the cluster meanwhile.
    pub(crate) fn is_exclusive(&self) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| matches!(step, Step::Server(_)))
    }

    /// The names of all commands in it.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Call(call) => Some(call.r#do.as_str()),
            _ => None,
        })
    }
}

impl Call {
    /// What to send; the rest is about a new candidate, over whose settings the call's are laid.
    pub(crate) fn command(&self, config: &Map<String, Value>, hold: bool) -> Result<Command> {
        let mut command = self.with.clone();
        command.insert("do".to_owned(), self.r#do.clone().into());
        let mut command = Command::deserialize(Value::Object(command))
            .with_context(|| format!("the call of {}", self.r#do))?;
        if let Command::New {
            config: own,
            hold_losses,
        } = &mut command
        {
            *own = laid_over(config, own);
            *hold_losses |= hold;
        }
        Ok(command)
    }
}

/// Settings over others; null leaves a setting out.
pub(crate) fn laid_over(
    under: &Map<String, Value>,
    over: &Map<String, Value>,
) -> Map<String, Value> {
    let mut settings = under.clone();
    settings.extend(over.clone());
    settings.retain(|_, value| !value.is_null());
    settings
}

/// Where the cases are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/cases")
}
