//! The documentation site: the book, and in it what each language's own tool makes of the API.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::cmd;

use crate::build::{self, cargo, shell};
use crate::steps::{Step, Steps};
use crate::tool::Tool;
use crate::{copy_folder, java, node, python, target_folder};

/// Makes the book, searchable.
const MDBOOK: Tool = Tool {
    name: "mdbook",
    version: "0.5.4",
    features: &["--no-default-features", "--features=search"],
};

/// The page that leads to the API of each language.
const PAGE: &str = "reference/api.html";
/// What that page must lead to: one for each language, so that none of them is empty.
const MAIN_ENTRIES: [&str; 4] = [
    "../api/rust/leasehold/struct.LeaderElection.html",
    "../api/java/io/leasehold/LeaderElection.html",
    "../api/node/classes/LeaderElection.html",
    "../api/python/leasehold.html#LeaderElection",
];

/// Makes the site, and says where it is.
pub(crate) fn run_site() -> Result<()> {
    let site = target_folder().join("site");
    let api = site.join("api");
    let steps = Steps::start();
    // First, since it empties the folder.
    steps.run("Site: book (mdbook)", |step| make_book(step, &site));
    steps.run("Site: API of Rust (cargo doc)", |step| {
        document_core(step, &api.join("rust"))
    });
    steps.run("Site: API of Java (javadoc)", |step| {
        java::document(step, &api.join("java"))
    });
    steps.run("Site: API of Node (TypeDoc)", |step| {
        node::document(step, &api.join("node"))
    });
    steps.run("Site: API of Python (pdoc)", |step| {
        build::debug(step, &["--lib"])?;
        python::document(step, &api.join("python"))
    });
    steps.run("Site: where its pages lead", |_| check_links(&site));
    steps.finish()?;
    println!("{}", site.join("index.html").display());
    Ok(())
}

/// Makes the book in `folder`, and removes all else from it.
pub(crate) fn make_book(step: &Step, folder: &Path) -> Result<()> {
    let preprocessor = "mdbook-site";
    build::debug(step, &["--bin", preprocessor])?;
    let preprocessor = format!("'{}'", build::program(preprocessor)?);
    let (shell, mdbook) = (shell()?, MDBOOK.program(step)?);
    shell.remove_path(folder)?;
    let book = cmd!(shell, "{mdbook} build docs --dest-dir {folder}")
        .env("MDBOOK_PREPROCESSOR__SITE__COMMAND", preprocessor);
    step.run(book.env("MDBOOK_LOG", "warn"))
}

/// Documents the core alone, which is what Rust programs depend on.
fn document_core(step: &Step, folder: &Path) -> Result<()> {
    let (shell, cargo) = (shell()?, cargo());
    // Not where the documentation of all crates is, which would be in its search and its menu.
    let target = target_folder().join("rustdoc");
    shell.remove_path(&target)?;
    let document = cmd!(
        shell,
        "{cargo} doc --package leasehold --lib --no-deps --locked --target-dir {target}"
    );
    let document = document.env("CARGO_BUILD_BUILD_DIR", target_folder());
    step.run(document.env("RUSTDOCFLAGS", "--deny warnings"))?;
    copy_folder(&target.join("doc"), folder)
}

/// Fails if a page of the book leads where nothing is, or the one on the API not to each of the
/// [`MAIN_ENTRIES`].
fn check_links(site: &Path) -> Result<()> {
    let mut wrong = Vec::new();
    for page in pages(site)? {
        let text = fs::read_to_string(&page)?;
        let folder = page.parent().context("a page is in a folder")?;
        let name = page.strip_prefix(site)?;
        let entries = if name == Path::new(PAGE) {
            &MAIN_ENTRIES[..]
        } else {
            &[]
        };
        let found = wrong_links(&text, entries, |file| {
            fs::read_to_string(folder.join(file)).ok()
        });
        wrong.extend(found.iter().map(|it| format!("{}: {it}", name.display())));
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

/// The pages of the book in a folder, without those that mdBook makes of all of them.
fn pages(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_page = path.extension().is_some_and(|it| it == "html");
        if path.is_dir() && !path.ends_with("api") {
            found.extend(pages(&path)?);
        } else if is_page
            && !["print.html", "404.html"]
                .iter()
                .any(|it| path.ends_with(it))
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// What is wrong with the links of a page, which must have those to `entries`; `read` gives the text
/// of a file beside it.
fn wrong_links(page: &str, entries: &[&str], read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let links = links(page);
    let missing = entries.iter().filter(|entry| !links.contains(entry));
    let missing = missing.map(|entry| format!("no link to {entry}"));
    let broken = links.iter().filter(|link| {
        let (file, place) = link.split_once('#').unwrap_or((link, ""));
        let text = if file.is_empty() {
            Some(page.to_owned())
        } else {
            read(file)
        };
        let is_there = |text: String| place.is_empty() || text.contains(&format!("id=\"{place}\""));
        !text.is_some_and(is_there)
    });
    missing
        .chain(broken.map(|link| format!("a link to {link}, where nothing is")))
        .collect()
}

/// Where the contents of a page of the book lead within the site.
fn links(page: &str) -> Vec<&str> {
    let contents = page.split_once("<main>").map_or("", |(_, rest)| rest);
    let contents = contents.split("</main>").next().unwrap_or_default();
    let links = contents.split("href=\"").skip(1);
    let links = links.filter_map(|rest| rest.split('"').next());
    links.filter(|link| !link.contains("://")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with the links that it must have, and these.
    fn page(links: &[&str]) -> String {
        let links = MAIN_ENTRIES.iter().chain(links);
        let links: Vec<_> = links.map(|it| format!("<a href=\"{it}\">x</a>")).collect();
        format!("<a href=\"menu.html\"></a><main>{}</main>", links.concat())
    }

    fn site(file: &str) -> Option<String> {
        file.starts_with("../api/")
            .then(|| "<section id=\"LeaderElection\">".to_owned())
    }

    #[test]
    fn a_page_that_leads_to_files_and_to_places_in_them_is_right() {
        let page = page(&["https://example.com/", "../api/java/index.html"]);
        assert_eq!(wrong_links(&page, &MAIN_ENTRIES, site), [""; 0]);
    }

    #[test]
    fn a_link_to_no_file_or_to_no_place_in_it_is_named() {
        let page = page(&["absent.html", "../api/python/leasehold.html#Absent"]);
        assert_eq!(
            wrong_links(&page, &MAIN_ENTRIES, site),
            [
                "a link to absent.html, where nothing is",
                "a link to ../api/python/leasehold.html#Absent, where nothing is"
            ]
        );
    }

    #[test]
    fn a_page_without_a_link_to_a_main_entry_is_wrong() {
        let page = page(&[]).replace("/node/", "/deno/");
        assert_eq!(
            wrong_links(&page, &MAIN_ENTRIES, site),
            ["no link to ../api/node/classes/LeaderElection.html"]
        );
    }
}
