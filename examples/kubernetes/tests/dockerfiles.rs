//! Dockerfiles: no test builds an image, but what can be read of them is held.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use parse_dockerfile::{
    Command, CopyInstruction, Dockerfile, Flag, Instruction, Source, Stage, parse,
};

use crate::application::{Pod, applications};
use crate::examples;

/// Whom pods run as, too: `candidate/hardening.yaml`.
const USER: &str = "65532:65532";

/// The Dockerfile of the command line, and of each example that has one, as its image's name and text.
fn dockerfiles() -> Result<Vec<(String, String)>> {
    let cli = fs::read_to_string(examples().join("../cli/Dockerfile"))?;
    let mut found = vec![("leasehold".to_owned(), cli)];
    for entry in fs::read_dir(examples())? {
        let entry = entry?;
        if let Ok(text) = fs::read_to_string(entry.path().join("Dockerfile")) {
            found.push((entry.file_name().to_string_lossy().into_owned(), text));
        }
    }
    ensure!(found.len() > 1, "no example has a Dockerfile");
    Ok(found)
}

/// Calls `check` with each Dockerfile and with each stage of it, under a name for messages.
fn for_each_stage(
    check: impl Fn(&str, &Dockerfile<'_>, &Stage<'_, '_>) -> Result<()>,
) -> Result<()> {
    for (example, text) in dockerfiles()? {
        let dockerfile = parse(&text).with_context(|| example.clone())?;
        for stage in dockerfile.stages() {
            check(
                &format!("{example}, FROM {}", stage.from.image.value),
                &dockerfile,
                &stage,
            )?;
        }
    }
    Ok(())
}

/// What stands for `${OS}`: the systems for which there is an image of Rust.
fn systems<'a>(dockerfile: &'a Dockerfile<'_>) -> Vec<&'a str> {
    dockerfile
        .stages()
        .filter_map(|stage| name(&stage)?.strip_prefix("rust-"))
        .collect()
}

fn name<'a>(stage: &Stage<'_, 'a>) -> Option<&'a str> {
    stage.from.as_.as_ref().map(|(_, name)| name.value.as_ref())
}

/// Each image that is pulled, such as `node:24-alpine3.23`.
fn images() -> Result<BTreeSet<String>> {
    let mut images = BTreeSet::new();
    for (_, text) in dockerfiles()? {
        let dockerfile = parse(&text)?;
        let from = dockerfile
            .stages()
            .map(|stage| stage.from.image.value.clone().into_owned());
        images.extend(from.filter(|image| image.contains(':')));
    }
    Ok(images)
}

fn option<'a>(flags: &'a [Flag<'_>], name: &str) -> Option<&'a str> {
    let flag = flags.iter().find(|flag| flag.name.value == name)?;
    flag.value.as_ref().map(|value| value.value.as_ref())
}

/// The stage or image that an instruction takes files from, unless that is the checkout.
fn taken_from<'a>(instruction: &'a Instruction<'_>) -> Option<&'a str> {
    match instruction {
        Instruction::Copy(copy) => option(&copy.options, "from"),
        Instruction::Run(run) => {
            let mount = option(&run.options, "mount")?;
            mount.split(',').find_map(|part| part.strip_prefix("from="))
        }
        _ => None,
    }
}

fn paths<'a>(copy: &'a CopyInstruction<'_>) -> impl Iterator<Item = &'a str> {
    copy.src.iter().filter_map(|source| match source {
        Source::Path(path) => Some(path.value.as_ref()),
        _ => None,
    })
}

#[test]
fn each_stage_is_made_of_an_image_with_a_version_or_of_another_stage_on_every_system() -> Result<()>
{
    for_each_stage(|stage_name, dockerfile, stage| {
        let image = stage.from.image.value.as_ref();
        let systems = systems(dockerfile);
        if !image.contains("${OS}") {
            let tag = image.split_once(':').map(|(_, tag)| tag);
            let versioned =
                tag.is_some_and(|tag| tag.starts_with(|first: char| first.is_ascii_digit()));
            assert!(
                versioned || image == "scratch",
                "{stage_name} has no version"
            );
            return Ok(());
        }
        assert_eq!(systems.len(), 2, "{stage_name}: glibc and musl");
        for system in systems {
            let image = image.replace("${OS}", system);
            assert!(
                dockerfile.stage(&image).is_some(),
                "{stage_name}: there is no {image}"
            );
        }
        Ok(())
    })
}

#[test]
fn what_is_copied_is_in_the_checkout_or_comes_from_a_stage() -> Result<()> {
    for_each_stage(|stage_name, dockerfile, stage| {
        for instruction in stage.instructions {
            if let Some(from) = taken_from(instruction) {
                assert!(
                    dockerfile.stage(from).is_some(),
                    "{stage_name}: there is no stage {from}"
                );
            } else if let Instruction::Copy(copy) = instruction {
                for path in paths(copy) {
                    let file: PathBuf = examples().join("..").join(path);
                    assert!(file.exists(), "{stage_name}: the checkout has no {path}");
                }
            }
        }
        Ok(())
    })
}

#[test]
fn each_image_runs_its_program_itself_and_not_as_root() -> Result<()> {
    for (example, text) in dockerfiles()? {
        let dockerfile = parse(&text)?;
        let last = dockerfile.stages().last().context("a stage")?;
        let from_scratch = dockerfile
            .stages()
            .filter(|stage| stage.from.image.value == "scratch");
        for stage in from_scratch.chain([last]) {
            let user = stage
                .instructions
                .iter()
                .find_map(|instruction| match instruction {
                    Instruction::User(user) => Some(user.arguments.value.as_ref()),
                    _ => None,
                });
            assert_eq!(user, Some(USER), "{example}");
            // Through a shell, SIGTERM would not reach it.
            let exec = stage.instructions.iter().any(|instruction| {
                matches!(instruction, Instruction::Entrypoint(it) if matches!(it.arguments, Command::Exec(_)))
            });
            assert!(
                exec,
                "{example}: ENTRYPOINT in the form [\"program\", \"argument\"]"
            );
        }
    }
    Ok(())
}

#[test]
fn all_are_built_with_the_rust_of_this_project_on_one_release_of_alpine() -> Result<()> {
    let toolchain = fs::read_to_string(examples().join("../rust-toolchain.toml"))?;
    let version = toolchain
        .split('"')
        .nth(1)
        .context("a version in rust-toolchain.toml")?;
    let images = images()?;
    for rust in images.iter().filter(|image| image.starts_with("rust:")) {
        assert!(
            rust.starts_with(&format!("rust:{version}-")),
            "{rust}, not {version}"
        );
    }
    let releases = images.iter().filter_map(|image| image.split_once("alpine"));
    let releases: BTreeSet<_> = releases
        .map(|(_, release)| release.trim_start_matches('-'))
        .collect();
    assert_eq!(releases.len(), 1, "{releases:?}");
    Ok(())
}

#[test]
fn each_image_that_is_ours_has_a_dockerfile_and_this_version() -> Result<()> {
    let ours: Vec<_> = dockerfiles()?
        .into_iter()
        .map(|(example, _)| example)
        .collect();
    for application in applications()? {
        let pods: Vec<_> = application.pods().collect();
        let images = pods
            .iter()
            .flat_map(Pod::containers)
            .filter_map(|it| it["image"].as_str());
        let tags = images.filter_map(|image| image.split_once(':'));
        let tags: Vec<_> = tags
            .filter(|(name, _)| ours.iter().any(|it| it == name))
            .collect();
        // That of a user, with our program in it.
        let is_inside = pods
            .iter()
            .flat_map(Pod::containers)
            .any(|it| it["command"][0] == "leasehold");
        assert!(
            is_inside || !tags.is_empty(),
            "{} runs none of {ours:?}",
            application.name
        );
        for (name, tag) in tags {
            assert_eq!(
                tag,
                env!("CARGO_PKG_VERSION"),
                "{}: {name}",
                application.name
            );
        }
    }
    Ok(())
}
