//! A data folder with a small village in it, the program that serves it, and the people who sign in there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use outpace_core::{Clock, Timestamp};
use outpace_drill::authenticator::Authenticator;
use outpace_server::SteadyClock;
use outpace_store::Place;
use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_outpace");
const PASSWORD: &str = "only for this test";
const COUNTY: i64 = 140_121;
/// Where the two live who stand in the list.
pub const VILLAGE: i64 = 140_121_203_206;
/// What one of them is called.
pub const NAME: &str = "试甲子〇一";
/// Where one of them is reached.
pub const PHONE: &str = "10100000001";

/// The folder, and where its journal stands.
pub struct Desk {
    folder: TempDir,
    place: Place,
}

/// Somebody signed in.
pub struct Person {
    pub id: i64,
    pub token: String,
    name: String,
    app: Option<Authenticator>,
}

/// A server in a process of its own; killed when dropped.
pub struct Served {
    child: Child,
    base: String,
    http: reqwest::Client,
    /// Where the clock stands, in a drill.
    at: Option<Timestamp>,
    runtime: tokio::runtime::Runtime,
}

/// What a program said.
pub fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// How it ended.
pub fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

impl Desk {
    /// An empty folder.
    pub fn empty() -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let place = outpace_store::testing::place(folder.path());
        Self { folder, place }
    }

    fn url(&self) -> String {
        match &self.place {
            Place::Postgres(url) => url.clone(),
            _ => "sqlite:".to_owned(),
        }
    }

    fn data(&self) -> String {
        self.file("data")
    }

    /// A file beside the data.
    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Whether that file is there.
    pub fn has(&self, name: &str) -> bool {
        Path::new(&self.file(name)).exists()
    }

    /// What stands in it.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    /// Runs the program on the data, where the command takes them.
    pub fn on_data(&self, words: &[&str], token: &str, typed: &str) -> Output {
        let (data, url) = (self.data(), self.url());
        self.run(&[words, &["--data", &data, "--db", &url]].concat(), token, typed)
    }

    /// Runs the program, with a token in its environment and what is typed into it.
    pub fn run(&self, words: &[&str], token: &str, typed: &str) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(words).env("OUTPACE_TOKEN", token).env_remove("OUTPACE_VAULT_PASSPHRASE");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // It may end without reading what is typed.
        let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// The newest entry of the journal.
    pub fn head(&self) -> String {
        let verified = self.on_data(&["admin", "verify"], "", "");
        let said = told(&verified);
        said.lines().find(|line| line.contains("head")).unwrap_or_else(|| panic!("{said}")).to_owned()
    }

    /// Serves the folder; a drill's from a moment on.
    pub fn serve(&self, drill_from: Option<&str>) -> Served {
        let mut command = Command::new(PROGRAM);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data", &self.data(), "--db", &self.url()]);
        command.args(drill_from.iter().flat_map(|from| ["--drill-from", from]));
        command.env("OUTPACE_ADMIN_PASSWORD", PASSWORD);
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let base = said.find_map(|line| {
            line.unwrap().split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned)
        });
        // What it says later is read by nobody, and must not stop it.
        std::thread::spawn(move || said.for_each(drop));
        Served {
            child,
            base: base.unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            at: drill_from.map(|from| Timestamp::parse_local(from, 480).unwrap()),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
        }
    }
}

impl Served {
    fn asked(&self, request: reqwest::RequestBuilder, token: &str) -> Value {
        self.runtime.block_on(async {
            let answer = request.bearer_auth(token).send().await.unwrap();
            let (status, url) = (answer.status(), answer.url().to_string());
            let text = answer.text().await.unwrap();
            assert!(status.is_success(), "{url}: {status} {text}");
            serde_json::from_str(&text).unwrap()
        })
    }

    /// Posts a command; the test stops where it is refused.
    pub fn post(&self, token: &str, path: &str, body: &Value) -> Value {
        self.asked(self.http.post(format!("{}{path}", self.base)).json(body), token)
    }

    /// Asks a query.
    pub fn get(&self, token: &str, path: &str) -> Value {
        self.asked(self.http.get(format!("{}{path}", self.base)), token)
    }

    /// Ends the server.
    pub fn stop(self) {
        drop(self);
    }

    /// The administrator of a new folder, who brings in a village of two people whose identities are kept.
    pub fn furnished(&self) -> Person {
        let administrator = self.first("admin", true);
        let area = |id: i64, level: &str| {
            json!({ "id": id, "level": level, "name": format!("地{id}"), "name_en": format!("area {id}"), "lon": 112.4,
                    "lat": 37.6, "seat_approximate": true })
        };
        let import = |noun: &str, rows: Value| {
            let mut body = json!({ "source": "test", noun: rows });
            if noun == "people" {
                body["by_reference"] = json!(true);
            }
            self.post(&administrator.token, &format!("/api/registry/import-{noun}"), &body);
        };
        import("areas", json!([area(COUNTY, "county"), area(140_121_203, "township"), area(VILLAGE, "village")]));
        import("households", json!([{ "reference": 1, "area": VILLAGE, "kind": "family" }]));
        let person = |number: i64, name: &str, phone: &str| {
            json!({ "reference": number, "household": 1, "born": "1985-03-01", "sex": "female", "name": name,
                    "id_number": format!("E7654{number:04}"), "phone": phone })
        };
        import("people", json!([person(1, NAME, PHONE), person(2, "试甲子〇二", "10100000002")]));
        administrator
    }

    /// Somebody new, signed in with all that the role needs.
    pub fn account(&self, by: &Person, name: &str, role: &str, task_force: Option<&str>) -> Person {
        self.added(by, name, role, task_force);
        self.first(name, true)
    }

    /// Somebody new whose role needs a second factor that they did not set up.
    pub fn without_second_factor(&self, by: &Person, name: &str, role: &str) -> Person {
        self.added(by, name, role, None);
        self.first(name, false)
    }

    fn added(&self, by: &Person, name: &str, role: &str, task_force: Option<&str>) {
        let body =
            json!({ "name": name, "password": PASSWORD, "role": role, "area": COUNTY, "task_force": task_force });
        self.post(&by.token, "/api/access/add-account", &body);
    }

    fn now(&self) -> Timestamp {
        self.at.unwrap_or_else(|| SteadyClock::of_this_machine().now())
    }

    fn sign_in(&self, name: &str, code: Option<String>) -> Value {
        let body = json!({ "name": name, "password": PASSWORD, "code": code });
        let request = self.http.post(format!("{}/api/access/sign-in", self.base)).json(&body);
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            let text = answer.text().await.unwrap();
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{name}: {text}"))
        })
    }

    /// Signs in for the first time, with a second factor where the role needs one.
    fn first(&self, name: &str, enrols: bool) -> Person {
        let answer = self.sign_in(name, None);
        let mut person = Person {
            id: answer["actor"]["id"].as_i64().unwrap(),
            token: token(&answer),
            name: name.to_owned(),
            app: None,
        };
        if enrols && answer["second_factor"] == "to_enrol" {
            let shown = self.post(&person.token, "/api/access/enrol", &json!({}));
            let app = Authenticator::typed(shown["secret"].as_str().unwrap()).unwrap();
            let confirmed =
                self.post(&person.token, "/api/access/confirm-enrolment", &json!({ "code": app.code(self.now()) }));
            (person.token, person.app) = (token(&confirmed), Some(app));
        }
        person
    }

    /// The same person again, later.
    pub fn again(&self, person: &Person) -> Person {
        let code = person.app.as_ref().map(|app| app.code(self.now()));
        let answer = self.sign_in(&person.name, code);
        Person { id: person.id, token: token(&answer), name: person.name.clone(), app: person.app.clone() }
    }
}

fn token(answer: &Value) -> String {
    answer["token"].as_str().unwrap_or_else(|| panic!("no token in {answer}")).to_owned()
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may be dead already; there is nothing left to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
