//! What is in a library or a program, as the system that loads it sees it.

use anyhow::{Result, bail};
use goblin::Object;
use goblin::elf::{self, Elf};
use goblin::mach::constants::cputype;
use goblin::mach::load_command::CommandVariant;
use goblin::mach::{Mach, MachO};
use goblin::pe::PE;
use goblin::pe::header::COFF_MACHINE_X86_64;

use crate::platform::System;

#[derive(Debug)]
pub(super) struct Inspection {
    pub(super) system: System,
    /// As Rust calls it.
    pub(super) machine: &'static str,
    /// The libraries that must be there when it is loaded.
    pub(super) needed: Vec<String>,
    /// What others may call.
    pub(super) exported: Vec<String>,
    /// What the program that loads it must have, as far as the file tells it from what libraries
    /// have.
    pub(super) expected_of_host: Vec<String>,
    /// The newest version of glibc that a symbol is asked for in.
    pub(super) glibc: Option<Version>,
    /// The oldest macOS.
    pub(super) macos: Option<Version>,
    /// Whether there is a signature in it.
    pub(super) is_signed: bool,
    /// The program that loads it, of one that is not static.
    pub(super) loader: Option<String>,
}

/// Major and minor.
pub(super) type Version = (u32, u32);

pub(super) fn inspect(bytes: &[u8]) -> Result<Inspection> {
    match Object::parse(bytes)? {
        Object::Elf(elf) => inspect_elf(&elf),
        Object::Mach(Mach::Binary(mach)) => inspect_mach(&mach),
        Object::PE(pe) => inspect_pe(&pe),
        _ => bail!("neither ELF, nor Mach-O for one machine, nor PE"),
    }
}

fn inspect_elf(elf: &Elf<'_>) -> Result<Inspection> {
    let machine = match elf.header.e_machine {
        elf::header::EM_X86_64 => "x86_64",
        elf::header::EM_AARCH64 => "aarch64",
        other => bail!("for machine {other}"),
    };
    let mut newest = None;
    for needed in elf
        .verneed
        .iter()
        .flat_map(elf::symver::VerneedSection::iter)
    {
        for version in &needed {
            let name = elf.dynstrtab.get_at(version.vna_name).unwrap_or_default();
            if let Some(version) = name.strip_prefix("GLIBC_") {
                newest = newest.max(Some(parse(version)?));
            }
        }
    }
    let mut exported = Vec::new();
    let mut expected_of_host = Vec::new();
    for (index, symbol) in elf.dynsyms.iter().enumerate().skip(1) {
        let name = elf
            .dynstrtab
            .get_at(symbol.st_name)
            .unwrap_or_default()
            .to_owned();
        if !symbol.is_import() {
            exported.push(name);
        } else if symbol.st_bind() != elf::sym::STB_WEAK && !has_version(elf, index) {
            expected_of_host.push(name);
        }
    }
    Ok(Inspection {
        system: System::Linux,
        machine,
        needed: elf.libraries.iter().map(ToString::to_string).collect(),
        exported,
        expected_of_host,
        glibc: newest,
        macos: None,
        is_signed: false,
        loader: elf.interpreter.map(str::to_owned),
    })
}

/// Whether a symbol is asked for in a version, which tells the library that it is from.
fn has_version(elf: &Elf<'_>, symbol: usize) -> bool {
    let version = elf.versym.as_ref().and_then(|all| all.get_at(symbol));
    version.is_some_and(|version| !version.is_local() && !version.is_global())
}

fn inspect_mach(mach: &MachO<'_>) -> Result<Inspection> {
    let machine = match mach.header.cputype() {
        cputype::CPU_TYPE_X86_64 => "x86_64",
        cputype::CPU_TYPE_ARM64 => "aarch64",
        other => bail!("for machine {other}"),
    };
    let mut macos = None;
    let mut is_signed = false;
    for command in &mach.load_commands {
        match command.command {
            CommandVariant::BuildVersion(version) => macos = Some(of_apple(version.minos)),
            CommandVariant::VersionMinMacosx(version) => macos = Some(of_apple(version.version)),
            CommandVariant::CodeSignature(_) => is_signed = true,
            _ => {}
        }
    }
    // The first is the file itself.
    let needed = mach.libs.iter().skip(1).map(ToString::to_string).collect();
    let exported = mach.exports()?.into_iter();
    Ok(Inspection {
        system: System::MacOs,
        machine,
        needed,
        exported: exported
            .map(|export| export.name.trim_start_matches('_').to_owned())
            .collect(),
        expected_of_host: Vec::new(),
        glibc: None,
        macos,
        is_signed,
        loader: None,
    })
}

fn inspect_pe(pe: &PE<'_>) -> Result<Inspection> {
    let machine = match pe.header.coff_header.machine {
        COFF_MACHINE_X86_64 => "x86_64",
        other => bail!("for machine {other}"),
    };
    let exported = pe.exports.iter().filter_map(|export| export.name);
    Ok(Inspection {
        system: System::Windows,
        machine,
        needed: pe
            .libraries
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .collect(),
        exported: exported.map(str::to_owned).collect(),
        expected_of_host: Vec::new(),
        glibc: None,
        macos: None,
        is_signed: false,
        loader: None,
    })
}

/// Apple packs a version into four bytes, of which the first two are the major one.
fn of_apple(packed: u32) -> Version {
    (packed >> 16, packed >> 8 & 0xff)
}

/// Of `2.17` or `2.2.5`.
pub(super) fn parse(version: &str) -> Result<Version> {
    let mut numbers = version.split('.').map(str::parse);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
        bail!("{version} is not a version");
    };
    Ok((major, minor))
}
