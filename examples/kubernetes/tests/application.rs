//! A folder of manifests, as kustomize puts it together.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use leasehold_test_cluster::binaries;
use serde_json::Value;

use crate::examples;

/// What `kubectl apply -k` would send of one folder.
pub(crate) struct Application {
    pub(crate) name: String,
    pub(crate) objects: Vec<Value>,
}

/// All folders that have a Deployment, or build on one.
pub(crate) fn applications() -> Result<Vec<Application>> {
    let folders = fs::read_dir(manifests())?;
    let folders = folders
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    let folders = folders.iter().filter(|folder| {
        let has = |file| folder.join(file).exists();
        has("deployment.yaml") || has("leader.yaml")
    });
    let applications = folders
        .map(|folder| Application::build(folder))
        .collect::<Result<Vec<_>>>()?;
    ensure!(!applications.is_empty(), "no folder of manifests was found");
    Ok(applications)
}

/// The Role that users are asked to apply.
pub(crate) fn documented_role() -> Result<Value> {
    yaml(&manifests().join("base/role.yaml"))
}

pub(crate) fn yaml(file: &Path) -> Result<Value> {
    let text = fs::read_to_string(file).with_context(|| format!("no {}", file.display()))?;
    serde_saphyr::from_str(&text).with_context(|| format!("in {}", file.display()))
}

fn manifests() -> PathBuf {
    examples().join("kubernetes")
}

impl Application {
    fn build(folder: &Path) -> Result<Self> {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let built = Command::new(binaries::kustomize()?)
            .arg("build")
            .arg(folder)
            .output()?;
        // Warnings, such as of what is deprecated, among them.
        let complaints = String::from_utf8(built.stderr)?;
        ensure!(
            built.status.success() && complaints.is_empty(),
            "{name}: {complaints}"
        );
        let objects = serde_saphyr::from_multiple(&String::from_utf8(built.stdout)?)?;
        Ok(Self { name, objects })
    }

    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.objects
            .iter()
            .filter(move |object| object["kind"] == kind)
    }

    /// The pods of each Deployment, as its template has them.
    pub(crate) fn pods(&self) -> impl Iterator<Item = Pod<'_>> {
        self.of_kind("Deployment").map(|deployment| Pod {
            name: format!("{}: {}", self.name, deployment["metadata"]["name"]),
            template: &deployment["spec"]["template"],
        })
    }

    /// The pods that take part in the election.
    pub(crate) fn candidate(&self) -> Result<Pod<'_>> {
        let mut candidates = self.pods().filter(|pod| {
            pod.template["metadata"]["labels"]["app.kubernetes.io/component"] == "candidate"
        });
        match (candidates.next(), candidates.next()) {
            (Some(candidate), None) => Ok(candidate),
            _ => bail!("{}: not one Deployment of candidates", self.name),
        }
    }

    /// A setting of the core, as the `ConfigMap` that the candidates name gives it.
    pub(crate) fn setting(&self, variable: &str) -> Result<Option<&str>> {
        let candidate = self.candidate()?;
        let named = candidate
            .containers()
            .find_map(|it| it.pointer("/envFrom/0/configMapRef/name"));
        let settings = self
            .of_kind("ConfigMap")
            .find(|it| Some(&it["metadata"]["name"]) == named);
        let settings =
            settings.with_context(|| format!("{}: no ConfigMap {named:?}", self.name))?;
        Ok(settings["data"][variable].as_str())
    }

    /// The named elections of a Spring Boot application, with the settings in which each differs.
    pub(crate) fn elections(&self) -> Result<Vec<(String, Value)>> {
        let candidate = self.candidate()?;
        let image = candidate
            .containers()
            .find_map(|it| it["image"].as_str()?.split_once(':'));
        let (example, _) = image.context("a candidate has an image with a tag")?;
        let settings = examples()
            .join(example)
            .join("src/main/resources/application.yml");
        if !settings.exists() {
            return Ok(Vec::new());
        }
        let elections = yaml(&settings)?["leasehold"]["elections"]
            .as_object()
            .cloned();
        Ok(elections.unwrap_or_default().into_iter().collect())
    }
}

/// What a Deployment makes.
pub(crate) struct Pod<'a> {
    pub(crate) name: String,
    pub(crate) template: &'a Value,
}

impl<'a> Pod<'a> {
    pub(crate) fn spec(&self) -> &'a Value {
        &self.template["spec"]
    }

    /// All of them, sidecars too.
    pub(crate) fn containers(&self) -> impl Iterator<Item = &'a Value> {
        let spec = self.spec();
        ["initContainers", "containers"]
            .into_iter()
            .filter_map(|list| spec[list].as_array())
            .flatten()
    }
}
