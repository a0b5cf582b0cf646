//! Lists of values that carry the same name in logs, metrics and every language.

/// A list of words, such as the reasons of a loss.
#[derive(Clone, Copy, Debug)]
pub struct WordList {
    /// The name of its type.
    pub name: &'static str,
    /// What its words tell.
    pub docs: &'static str,
    /// All of them, in order.
    pub words: &'static [Word],
}

/// A value that has the same name in every language.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Its name in settings, logs, metrics and every binding.
    pub name: &'static str,
    /// What it means.
    pub docs: &'static str,
}

/// Declares such a list: each value once, with its documentation and its name.
macro_rules! named {
    (
        $(#[$($list_meta:tt)*])*
        $vis:vis enum $List:ident {
            $($(#[$($meta:tt)*])* $Value:ident = $name:literal,)+
        }
    ) => {
        $(#[$($list_meta)*])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $List {
            $($(#[$($meta)*])* $Value,)+
        }

        impl $List {
            /// All of them.
            $vis const ALL: &[Self] = &[$(Self::$Value),+];

            /// The list with its documentation, for other languages.
            #[allow(dead_code, reason = "of lists that other languages share")]
            pub(crate) const WORDS: $crate::named::WordList = $crate::named::WordList {
                name: stringify!($List),
                docs: $crate::named::docs!($(#[$($list_meta)*])*),
                words: &[$($crate::named::Word {
                    name: $name,
                    docs: $crate::named::docs!($(#[$($meta)*])*),
                }),+],
            };

            /// The name used in settings, logs, metrics and every binding.
            $vis const fn name(self) -> &'static str {
                match self {
                    $(Self::$Value => $name,)+
                }
            }
        }

        impl std::fmt::Display for $List {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

/// The documentation among attributes, as a text.
macro_rules! docs {
    ($(#[$($meta:tt)*])*) => { concat!($($crate::named::docs!(@line $($meta)*)),*) };
    (@line doc = $line:literal) => { concat!($line, "\n") };
    (@line $($other:tt)*) => { "" };
}

pub(crate) use {docs, named};
