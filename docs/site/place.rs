//! Where in the site a page is, said above it: mdBook itself shows that only in its menu, which a narrow
//! window hides.

/// The first page, at which each way begins; it has no such line. mdBook makes it from `README.md`.
const HOME: (&str, &str) = ("Leasehold", "index.md");

/// The part of the site, and the pages above those that are here, by name and path.
#[derive(Clone, Default)]
pub(crate) struct Place {
    part: Option<String>,
    above: Vec<(String, String)>,
}

impl Place {
    /// Where the pages of a part are.
    pub(crate) fn of_part(title: &str) -> Self {
        Self {
            part: Some(title.to_owned()),
            above: Vec::new(),
        }
    }

    /// Where the pages below the page `name` are, which is here.
    pub(crate) fn below(&self, name: &str, path: &str) -> Self {
        let mut below = self.clone();
        below.above.push((name.to_owned(), path.to_owned()));
        below
    }

    /// The line above the page `name`, as Markdown.
    pub(crate) fn line(&self, name: &str, path: &str) -> String {
        if path == HOME.1 {
            return String::new();
        }
        let root = "../".repeat(path.matches('/').count());
        let link = |(name, path): (&str, &str)| format!("[{name}]({root}{path})");
        let above = self.above.iter().map(|(name, path)| link((name, path)));
        let steps: Vec<_> = [link(HOME)]
            .into_iter()
            .chain(self.part.clone())
            .chain(above)
            .chain([name.to_owned()])
            .collect();
        let steps = steps.join(" › ");
        format!("<nav class=\"place\" aria-label=\"Where this page is\">\n\n{steps}\n\n</nav>\n\n")
    }
}
