//! A whole sandbox in one folder: certificates, documents, simulated neighbours, the gateway.
//!
//! ```text
//! gateway.toml  policies/  keys/  pki/  data/ (the gateway's and each neighbour's)  logs/
//! ```
//! The demo lays one out in `.sandbox` on known ports; journeys use temporary folders and free ports.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Command, id as process_id},
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use crate::{
    Ask, Caller, Documents, Http, Identity, Neighbour, Pki, Process,
    documents::{Addresses, repository},
    ports,
    process::{self, Ended},
};

/// Systems that serve, and the ports under which the repository's documents know them.
const NEIGHBOURS: [(&str, u16); 5] = [
    ("G06/he-thong-khcn", 8501),
    ("H26/quan-ly-khcn", 8502),
    ("G01/he-thong-dan-cu", 8503),
    ("G03/quan-ly-de-tai", 8504),
    ("G06/quan-trac-phong-xa", 8506),
];
/// Where the gateway listens on known ports, for callers and for operators.
const GATEWAY: u16 = 8443;
const ADMIN: u16 = 9090;
/// The system whose certificate the sandbox's revocation list names.
pub const REVOKED: &str = "G03/thu-vien-cu";
/// Where the gateway's output goes.
const GATEWAY_LOG: &str = "logs/lienthong.log";
/// A neighbour's controls stand this far above its service port.
const CONTROL_OFFSET: u16 = 100;
/// Debug builds on a busy machine start slowly.
const START: Duration = Duration::from_secs(30);

/// The programs a sandbox consists of.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// The gateway.
    pub lienthong: PathBuf,
    /// The neighbours.
    pub sandbox: PathBuf,
}

/// What a sandbox is to be.
pub struct Plan {
    /// Where it lives.
    pub folder: PathBuf,
    /// Its programs.
    pub binaries: Binaries,
    /// Whether it takes the ports the documents name (the demo), or free ones.
    pub known_ports: bool,
}

/// A sandbox; everything it started ends with it.
pub struct Sandbox {
    /// Where it lives.
    pub folder: PathBuf,
    /// Its documents.
    pub documents: Documents,
    /// Its authority.
    pub pki: Pki,
    /// Where callers connect.
    pub address: SocketAddr,
    /// Where operators connect.
    pub admin: SocketAddr,
    binaries: Binaries,
    neighbours: Vec<Neighbour>,
    gateway: Option<Process>,
    places: Vec<Place>,
}

struct Place {
    system: &'static str,
    service: SocketAddr,
    control: SocketAddr,
}

impl Plan {
    /// A sandbox for tests called `name`: up-to-date programs, free ports, a folder under `base` that
    /// stays for reading until the next run of the same name.
    ///
    /// # Errors
    /// When the programs do not build, or the folder cannot be had.
    pub fn for_tests(base: &Path, name: &str) -> Result<Self> {
        let base = base.join("sandboxes");
        fs::create_dir_all(&base)?;
        for entry in fs::read_dir(&base)? {
            let folder = entry?.path();
            let left_by = folder.file_name().and_then(|name| name.to_str()?.rsplit_once('-'));
            // Another run of the same tests may be at work beside this one.
            if left_by.is_some_and(|(known, id)| known == name && !Path::new("/proc").join(id).exists()) {
                fs::remove_dir_all(folder)?;
            }
        }
        let folder = base.join(format!("{name}-{}", process_id()));
        Ok(Self { folder, binaries: Binaries::built()?, known_ports: false })
    }
}

impl Binaries {
    /// The programs of the build that the running program or test belongs to, brought up to date; or
    /// those in the folder that `LIENTHONG_PROGRAMS` names, as they are: a release build, say.
    ///
    /// # Errors
    /// When they do not build.
    pub fn built() -> Result<Self> {
        if let Some(folder) = env::var_os("LIENTHONG_PROGRAMS") {
            return Self::in_folder(Path::new(&folder));
        }
        let folder = built_folder()?;
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // The same set that `make test` builds, so that this finds everything done.
        cargo.args(["build", "--quiet", "--workspace", "--bins"]).current_dir(repository());
        cargo.env("CARGO_TARGET_DIR", folder.parent().context("a target folder")?);
        let ended = process::run(&mut cargo, Duration::from_secs(1_800))?;
        ensure!(ended.status.success(), "the workspace does not build:\n{}", ended.err);
        Self::in_folder(&folder)
    }

    /// The programs as they stand beside the running one.
    ///
    /// # Errors
    /// When one is missing.
    pub fn beside_me() -> Result<Self> {
        Self::in_folder(&built_folder()?)
    }

    fn in_folder(folder: &Path) -> Result<Self> {
        let found = |name: &str| {
            let program = folder.join(name);
            ensure!(
                program.exists(),
                "{} is missing; build it: cargo build --workspace --bins",
                program.display()
            );
            Ok(program)
        };
        Ok(Self { lienthong: found("lienthong")?, sandbox: found("sandbox")? })
    }
}

fn known_address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn built_folder() -> Result<PathBuf> {
    let mut folder = env::current_exe()?;
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    Ok(folder)
}

impl Sandbox {
    /// The addresses that a sandbox on known ports needs.
    pub fn known_addresses() -> Vec<SocketAddr> {
        let neighbours = NEIGHBOURS.iter().flat_map(|(_, port)| [*port, port + CONTROL_OFFSET]);
        [GATEWAY, ADMIN].into_iter().chain(neighbours).map(known_address).collect()
    }

    /// Lays out the folder; starts nothing yet.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn lay_out(plan: Plan) -> Result<Self> {
        let Plan { folder, binaries, known_ports } = plan;
        let address = |known: u16| match known_ports {
            true => Ok(known_address(known)),
            false => ports::free(),
        };
        let addresses = Addresses { gateway: address(GATEWAY)?, admin: address(ADMIN)? };
        let mut places = Vec::new();
        for (system, port) in NEIGHBOURS {
            places.push(Place { system, service: address(port)?, control: address(port + CONTROL_OFFSET)? });
        }
        let moved: Vec<_> = NEIGHBOURS
            .iter()
            .zip(&places)
            .map(|((_, port), place)| (known_address(*port), place.service))
            .collect();
        fs::create_dir_all(&folder)?;
        // Commands below run elsewhere: from here on the folder is named from the root.
        let folder = folder.canonicalize()?;
        let documents = Documents::lay_out(&folder, addresses, &moved)?;
        let pki = Pki::create(&folder.join("pki"))?;
        for place in &places {
            let name = place.system.split('/').next_back().unwrap_or_default();
            pki.provider(place.system, &[&format!("{name}.localhost")])?;
        }
        for system in documents.systems()? {
            pki.system(&system)?;
        }
        if let Some(revoked) = pki.issued(REVOKED) {
            pki.revoke(&[&revoked])?;
        }
        fs::create_dir_all(folder.join("data/gateway"))?;
        Ok(Self {
            folder,
            documents,
            pki,
            address: addresses.gateway,
            admin: addresses.admin,
            binaries,
            neighbours: Vec::new(),
            gateway: None,
            places,
        })
    }

    /// Starts the neighbours.
    ///
    /// # Errors
    /// When one does not come up.
    pub fn start_neighbours(&mut self) -> Result<()> {
        for place in &self.places {
            let Place { system, service, control } = place;
            let neighbour =
                Neighbour::start(&self.binaries.sandbox, &self.folder, system, *service, *control)?;
            self.neighbours.push(neighbour);
        }
        Ok(())
    }

    /// Starts one neighbour again, after [`Sandbox::take_neighbour`] and a crash.
    ///
    /// # Errors
    /// When there is none of that name, or it does not come up.
    pub fn revive(&self, system: &str) -> Result<Neighbour> {
        let place = self.places.iter().find(|place| place.system == system);
        let Place { service, control, .. } = place.with_context(|| format!("no neighbour `{system}`"))?;
        Neighbour::start(&self.binaries.sandbox, &self.folder, system, *service, *control)
    }

    /// Starts another machine of a neighbour's system: the same certificate, an address and records of
    /// its own.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_twin(&self, system: &str) -> Result<Neighbour> {
        let (service, control) = (ports::free()?, ports::free()?);
        self.start_twin_at(system, service, control)
    }

    /// The same at known addresses, after a crash.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_twin_at(&self, system: &str, service: SocketAddr, control: SocketAddr) -> Result<Neighbour> {
        Neighbour::start_as(&self.binaries.sandbox, &self.folder, system, service, control, "-twin")
    }

    /// Takes a neighbour out of the sandbox's hands, to be crashed.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn take_neighbour(&mut self, system: &str) -> Result<Neighbour> {
        let found = self.neighbours.iter().position(|neighbour| neighbour.system == system);
        Ok(self.neighbours.remove(found.with_context(|| format!("no neighbour `{system}` runs"))?))
    }

    /// Starts the gateway and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it does not come up; the error holds the end of its log.
    pub fn start_gateway(&mut self) -> Result<()> {
        let mut command = Command::new(&self.binaries.lienthong);
        command.arg("serve").arg("-c").arg(self.documents.settings()).current_dir(&self.folder);
        let mut gateway = Process::start("lienthong", &mut command, &self.folder.join(GATEWAY_LOG))?;
        let admin = Caller::plain(self.admin);
        let ready = || admin.ask(Ask::get("/readyz")).is_ok_and(|answer| answer.status == 200);
        gateway.wait_until("readiness", START, ready)?;
        self.gateway = Some(gateway);
        Ok(())
    }

    /// Ends the gateway as an operator does, and waits.
    ///
    /// # Errors
    /// When it does not run or does not end well.
    pub fn stop_gateway(&mut self) -> Result<()> {
        let status = self.gateway.take().context("the gateway does not run")?.stop()?;
        ensure!(status.success(), "the gateway ended with {status}");
        Ok(())
    }

    /// Ends the gateway as a power cut does.
    ///
    /// # Errors
    /// When it does not run.
    pub fn crash_gateway(&mut self) -> Result<()> {
        self.gateway.take().context("the gateway does not run")?.crash()
    }

    /// The gateway's program.
    pub fn program(&self) -> &Path {
        &self.binaries.lienthong
    }

    /// The gateway's process.
    ///
    /// # Errors
    /// When it does not run.
    pub fn gateway(&mut self) -> Result<&mut Process> {
        self.gateway.as_mut().context("the gateway does not run")
    }

    /// What the gateway has logged, over all its starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join(GATEWAY_LOG)).unwrap_or_default()
    }

    /// From now on the gateway can write no file, as on a full disk; or it can again.
    ///
    /// # Errors
    /// When the gateway does not run, or the system refuses.
    pub fn forbid_writing(&self, forbidden: bool) -> Result<()> {
        let gateway = self.gateway.as_ref().context("the gateway does not run")?;
        gateway.limit_file_size(forbidden.then_some(0))
    }

    /// A neighbour by name.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn neighbour(&self, system: &str) -> Result<&Neighbour> {
        let found = self.neighbours.iter().find(|neighbour| neighbour.system == system);
        found.with_context(|| format!("no neighbour `{system}` runs"))
    }

    /// Every neighbour.
    pub fn neighbours(&self) -> &[Neighbour] {
        &self.neighbours
    }

    /// A caller with `identity`.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn caller(&self, identity: &Identity, http: Http) -> Result<Caller> {
        Caller::new(self.address, &self.pki.ca(), Some(identity), http)
    }

    /// A registered system's certificate.
    ///
    /// # Errors
    /// When no document registers it.
    pub fn identity(&self, system: &str) -> Result<Identity> {
        self.pki.issued(system).with_context(|| format!("no document registers `{system}`"))
    }

    /// Runs `lienthong` with `arguments`.
    ///
    /// # Errors
    /// When it cannot be started or does not end.
    pub fn lienthong(&self, arguments: &[&str]) -> Result<Ended> {
        let mut command = Command::new(&self.binaries.lienthong);
        command.args(arguments).current_dir(&self.folder);
        process::run(&mut command, START)
    }
}
