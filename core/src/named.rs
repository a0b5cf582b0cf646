//! Lists of values that carry the same name in logs, metrics and every language.

/// Declares such a list: each value once, with its documentation and its name.
macro_rules! named {
    (
        $(#[$list_doc:meta])*
        $vis:vis enum $List:ident {
            $($(#[$doc:meta])* $Value:ident = $name:literal,)+
        }
    ) => {
        $(#[$list_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $vis enum $List {
            $($(#[$doc])* $Value,)+
        }

        impl $List {
            /// All of them.
            $vis const ALL: &[Self] = &[$(Self::$Value),+];

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

pub(crate) use named;
