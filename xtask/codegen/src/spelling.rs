//! How a language spells what the core's documentation names between back quotes.

use leasehold::Mode;
use leasehold::vocabulary::{Default, Kind, SETTINGS, Setting};

/// A language, or a place with a spelling of its own.
pub(crate) trait Spelling {
    /// A setting in a text.
    fn setting(&self, setting: &Setting) -> String;

    /// A mode in a text.
    fn mode(&self, mode: Mode) -> String;

    /// A method of an election in a text.
    fn method(&self, name: &str) -> String;

    /// Any other code in a text.
    fn code(&self, code: &str) -> String {
        format!("`{code}`")
    }

    /// What "the host runtime" is here.
    fn host_runtime(&self) -> &str;

    /// A default in a text; `value` is as the environment has it.
    fn value(&self, kind: Kind, value: &str) -> String;

    /// What the core says, in the words of this language, without line breaks.
    fn text(&self, docs: &str) -> String {
        let words = docs.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = words.replace("host runtime", self.host_runtime());
        let parts = words.split('`').enumerate();
        let spelled = parts.map(|(index, part)| match index % 2 {
            0 => part.to_owned(),
            _ => self.quoted(part),
        });
        spelled.collect()
    }

    /// What is between back quotes.
    fn quoted(&self, code: &str) -> String {
        let is_name =
            code.contains('_') && code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if let Some(setting) = SETTINGS.iter().find(|setting| setting.name == code) {
            self.setting(setting)
        } else if let Some(mode) = Mode::ALL.iter().find(|mode| mode.name() == code) {
            self.mode(*mode)
        } else if is_name {
            self.method(code)
        } else {
            self.code(code)
        }
    }

    /// What is so when a setting is left out; nothing if it must not be.
    fn default(&self, setting: &Setting) -> Option<String> {
        match setting.default {
            Default::Required => None,
            Default::Value(value) => Some(self.value(setting.kind, value)),
            Default::Otherwise(text) => Some(self.text(text)),
        }
    }

    /// What is said of a duration beside what the core says of it.
    fn unit(&self) -> &'static str {
        ""
    }

    /// What a setting means, with its default.
    fn documentation(&self, setting: &Setting) -> String {
        let mut text = self.text(setting.docs);
        if setting.kind == Kind::Duration {
            text.push_str(self.unit());
        }
        match self.default(setting) {
            Some(default) => format!("{text} Default: {default}."),
            None => format!(
                "{text} Required, here or as {}.",
                self.code(&setting.variable())
            ),
        }
    }
}

/// The seconds of a default.
pub(crate) fn seconds(value: &str) -> &str {
    value.trim_end_matches('s')
}
