//! What a row of the table of settings becomes.

use crate::error::{Error, Result};

/// What a variable of the environment says.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A setting of an election.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name: for [`Config::set`](super::Config::set), and in capitals, after `LEASEHOLD_`, in the environment.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it says.
    pub docs: &'static str,
    /// What is so when it is left out.
    pub default: Default,
}

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// The path of a file or folder.
    Path,
    /// A word of the list that has this name, such as [`Mode`](super::Mode).
    Word(&'static str),
    /// A whole number, zero or more.
    Number,
    /// A time; a plain number is in seconds.
    Duration,
    /// `true` or `false`.
    Switch,
    /// Texts by their keys: `key=value,key=value`, or a JSON object.
    Map,
}

/// What is so when a setting is left out, in the program and in the environment.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// It must be set.
    Required,
    /// This value, as the environment would have it.
    Value(&'static str),
    /// What this describes.
    Otherwise(&'static str),
}

impl Setting {
    /// Its variable of the environment.
    pub fn variable(&self) -> String {
        variable(self.name)
    }
}

/// What a setting may be, and how its text is read.
pub(super) trait Value: Sized {
    const KIND: Kind;

    /// Reads a text as the environment has it, or says what to write instead.
    fn read(text: &str) -> Result<Self, String>;
}

/// All variables of settings begin so.
pub(super) const PREFIX: &str = "LEASEHOLD_";

/// The variable of the environment for a setting.
pub(crate) fn variable(setting: &str) -> String {
    format!("{PREFIX}{}", setting.to_uppercase())
}

/// Reads a setting; an error calls it `name`.
pub(super) fn read<T: Value>(name: &str, text: &str) -> Result<T> {
    T::read(text).map_err(|fix| Error::config(name, format_args!("`{}`", text.escape_debug()), fix))
}

/// Which settings came from the environment, and by which variable.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables(Vec<(&'static str, String)>);

impl Variables {
    /// What the program says, else what the environment does. An empty variable counts as left out, as
    /// an unset value of a Helm chart or Compose file does.
    pub(super) fn complete<T: Value>(
        &mut self,
        setting: &'static str,
        given: Option<T>,
        variable: String,
        environment: Environment<'_>,
    ) -> Result<Option<T>> {
        if given.is_some() {
            return Ok(given);
        }
        let Some(text) = environment(&variable).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let value = read(&variable, &text)?;
        self.0.push((setting, variable));
        Ok(Some(value))
    }

    /// The variable that a setting came from.
    pub(super) fn of(&self, setting: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(known, _)| *known == setting);
        found.next().map(|(_, variable)| variable.as_str())
    }
}

/// Makes from the rows: what a program gives ([`Config`](super::Config)), what an election goes by
/// ([`Checked`](super::Checked)), how the one becomes the other, and a description.
macro_rules! settings {
    ($($(#[$($meta:tt)*])* $field:ident: $type:ty { $($default:tt)+ })+) => {
        /// The settings of one election. What is left out comes from the environment (`LEASEHOLD_…`, the
        /// setting's name in capitals) and else has a default.
        ///
        /// ```
        /// use std::time::Duration;
        /// use leasehold::{Config, Mode};
        ///
        /// let config = Config::new("monolith-jobs")
        ///     .mode(Mode::File)
        ///     .lease_duration(Duration::from_secs(15));
        /// ```
        #[derive(Clone, Debug, Default)]
        pub struct Config {
            $($field: Option<$type>,)+
        }

        /// The settings of an election, complete; once they are checked, they make sense.
        #[derive(Clone, Debug)]
        pub(crate) struct Checked {
            $(pub(crate) $field: $crate::config::table::default!(type $type, $($default)+),)+
            variables: $crate::config::table::Variables,
        }

        /// The defaults that are values, as constants.
        pub(crate) mod defaults {
            use super::*;

            $($crate::config::table::default!(constant $field: $type, $($default)+);)+
        }

        impl Config {
            /// The names of all settings: for [`set`](Self::set), and in capitals, after `LEASEHOLD_`, in
            /// the environment.
            pub const SETTINGS: &[&str] = &[$(stringify!($field)),+];

            /// The table, for other languages.
            pub(crate) const TABLE: &[$crate::config::table::Setting] = &[
                $($crate::config::table::Setting {
                    name: stringify!($field),
                    kind: <$type as $crate::config::table::Value>::KIND,
                    docs: $crate::named::docs!($(#[$($meta)*])*),
                    default: $crate::config::table::default!(data $($default)+),
                }),+
            ];

            $(
                $(#[$($meta)*])*
                #[doc = $crate::config::table::default!(docs $($default)+)]
                #[must_use]
                pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                    self.$field = Some($field.into());
                    self
                }
            )+

            /// Sets a field by its name, from text as the environment has it: durations as `15`, `1.5s` or
            /// `PT15S`, switches as `true` or `false`. For configuration files, and for other languages.
            ///
            /// # Errors
            /// [`ErrorKind::Config`](crate::ErrorKind::Config) names the field, the text and the fix.
            pub fn set(mut self, field: &str, text: &str) -> $crate::Result<Self> {
                match field {
                    $(stringify!($field) => {
                        self.$field = Some($crate::config::table::read(field, text)?);
                    })+
                    _ => return Err($crate::config::table::unknown(field, text, Self::SETTINGS)),
                }
                Ok(self)
            }

            /// The settings that the program leaves to the environment.
            fn left_out(&self) -> impl Iterator<Item = &'static str> {
                let settings = [$(self.$field.is_none().then_some(stringify!($field))),+];
                settings.into_iter().flatten()
            }

            /// A setting comes from the program, else from the environment, else it has its default.
            fn complete(self, environment: $crate::config::table::Environment<'_>) -> $crate::Result<Checked> {
                use $crate::config::table::{Variables, default, variable};

                let mut variables = Variables::default();
                $(
                    let $field = stringify!($field);
                    let $field = variables.complete($field, self.$field, variable($field), environment)?;
                )+
                Ok(Checked { $($field: default!(settle $field, $($default)+),)+ variables })
            }
        }
    };
}

/// The error about a setting that there is not.
pub(super) fn unknown(field: &str, text: &str, known: &[&str]) -> Error {
    let fix = format!("no such setting: use one of `{}`", known.join("`, `"));
    let field = field.escape_debug().to_string();
    Error::config(&field, format_args!("`{}`", text.escape_debug()), fix)
}

/// What is so when a setting is left out, as each use of it needs it.
macro_rules! default {
    (type $type:ty, required $fix:literal) => { $type };
    (type $type:ty, otherwise $what:literal) => { Option<$type> };
    (type $type:ty, $constant:ident = $($value:tt)+) => { $type };

    (constant $field:ident: $type:ty, $constant:ident = $($value:tt)+) => {
        #[doc = concat!("The default of [`Config::", stringify!($field), "`](crate::Config::", stringify!($field), ").")]
        pub const $constant: $type = $crate::config::table::default!(value $($value)+);
    };
    (constant $($without:tt)+) => {};

    (settle $field:ident, required $fix:literal) => {
        $field.ok_or_else(|| $crate::Error::config(stringify!($field), "(none)", $fix))?
    };
    (settle $field:ident, otherwise $what:literal) => { $field };
    (settle $field:ident, $constant:ident = $($value:tt)+) => { $field.unwrap_or(defaults::$constant) };

    (docs required $fix:literal) => { " Required." };
    (docs otherwise $what:literal) => { concat!(" Default: ", $what, ".") };
    (docs $constant:ident = $($value:tt)+) => {
        concat!(" Default: ", stringify!($($value)+), ".")
    };

    (data required $fix:literal) => { $crate::config::table::Default::Required };
    (data otherwise $what:literal) => { $crate::config::table::Default::Otherwise($what) };
    (data $constant:ident = $($value:tt)+) => {
        $crate::config::table::Default::Value($crate::config::table::default!(text $($value)+))
    };

    (value $seconds:literal s) => { std::time::Duration::from_secs($seconds) };
    (value $value:literal) => { $value };
    (value $List:ident :: $Word:ident) => { $List::$Word };

    (text $seconds:literal s) => { concat!(stringify!($seconds), "s") };
    (text $value:literal) => { stringify!($value) };
    (text $List:ident :: $Word:ident) => { $List::$Word.name() };
}

pub(super) use {default, settings};
