//! `clients URL TOKEN BAD_TOKEN CASE_ID…` runs every client twice: with the token, for ever, and with the bad one. Each
//! prints JSON lines, as test/world/client-program.ts reads them.

use std::env::args;
use std::process::exit;
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;

use futures_util::StreamExt;
use reqwest_eventsource::{Error, Event as StreamEvent, RequestBuilderExt};
use rust_socketio::{ClientBuilder, Event, Payload, RawClient, TransportType};
use serde_json::{from_str, json, Value};

const LONGEST_RUN: Duration = Duration::from_secs(300);
const ANSWER: Duration = Duration::from_secs(10);
const EVENTS: [&str; 6] = ["message", "status", "gap", "upstream", "revoked", "closing"];

#[derive(Clone)]
struct Trial {
    client: &'static str,
    url: String,
    token: String,
    case_ids: Vec<String>,
    is_bad: bool,
}

impl Trial {
    fn hear(&self, event: &str, data: &Value) {
        if !self.is_bad {
            self.say(event, data);
        } else if event == "ready" {
            self.say("served", &json!("with a bad token"));
        }
    }

    /// What the library said.
    fn refused(&self, by: &str) {
        self.say(if self.is_bad { "refused" } else { "error" }, &json!(by));
    }

    fn say(&self, event: &str, data: &Value) {
        println!("{}", json!({ "client": self.client, "event": event, "data": data }));
    }
}

fn main() {
    let mut given = args().skip(1);
    let [url, token, bad_token] = [(); 3].map(|()| given.next().expect("URL TOKEN BAD_TOKEN CASE_ID…"));
    let case_ids: Vec<String> = given.collect();
    let trials = |client| {
        [(&token, false), (&bad_token, true)].map(|(token, is_bad)| Trial {
            client,
            url: url.clone(),
            token: token.clone(),
            case_ids: case_ids.clone(),
            is_bad,
        })
    };
    for trial in trials("reqwest-eventsource") {
        spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(with_reqwest(trial));
        });
    }
    for (client, transport) in [
        ("rust_socketio, websocket", TransportType::Websocket),
        ("rust_socketio, polling", TransportType::Polling),
        ("rust_socketio, upgrade", TransportType::WebsocketUpgrade),
    ] {
        for trial in trials(client) {
            let transport = transport.clone();
            spawn(move || with_socketio(trial, transport));
        }
    }
    // The program that started it may have been killed.
    sleep(LONGEST_RUN);
    exit(1);
}

async fn with_reqwest(trial: Trial) {
    let query: Vec<(&str, &str)> = trial.case_ids.iter().map(|id| ("case_ids", id.as_str())).collect();
    let request = reqwest::Client::new().get(format!("{}/v1/events", trial.url)).query(&query).bearer_auth(&trial.token);
    let mut source = request.eventsource().expect("a request without a body");
    while let Some(event) = source.next().await {
        match event {
            Ok(StreamEvent::Open) => {}
            // No check for empty data: clients that parse each event have to be served.
            Ok(StreamEvent::Message(message)) => match from_str(&message.data) {
                Ok(data) => trial.hear(&message.event, &data),
                Err(error) => trial.refused(&error.to_string()),
            },
            Err(Error::InvalidStatusCode(status, _)) => return trial.refused(status.as_str()),
            // The connection was lost: it comes back by itself.
            Err(_) => {}
        }
    }
}

fn with_socketio(trial: Trial, transport: TransportType) {
    let position: Arc<Mutex<Option<String>>> = Arc::default();
    let mut builder = ClientBuilder::new(trial.url.as_str())
        .transport_type(transport)
        .auth(json!({ "token": trial.token }))
        .reconnect(true)
        .reconnect_on_disconnect(true);
    for name in EVENTS {
        let (trial, position) = (trial.clone(), position.clone());
        builder = builder.on(name, move |payload: Payload, _: RawClient| {
            let event = first(payload);
            if let Some(id) = event["id"].as_str() {
                *position.lock().expect("no panic elsewhere") = Some(id.to_owned());
            }
            trial.hear(name, &event);
        });
    }
    let (subscribing, erring) = (trial.clone(), trial.clone());
    let connected = builder
        .on(Event::Connect, move |_, client: RawClient| subscribe(&subscribing, &position, &client))
        .on(Event::Error, move |payload: Payload, _| {
            // Other errors are lost connections: the client comes back by itself.
            let error = first(payload).to_string();
            if error.contains("ConnectError") {
                erring.refused(&error);
            }
        })
        .connect();
    if let Err(error) = connected {
        trial.refused(&error.to_string());
    }
}

fn subscribe(trial: &Trial, position: &Arc<Mutex<Option<String>>>, client: &RawClient) {
    let last = position.lock().expect("no panic elsewhere").clone();
    let mut request = json!({ "case_ids": trial.case_ids });
    if let Some(last) = last {
        request["last_event_id"] = json!(last);
    }
    let (trial, position) = (trial.clone(), position.clone());
    let sent = client.emit_with_ack("subscribe", request, ANSWER, move |payload: Payload, _| {
        let answer = unwrapped(first(payload));
        if answer["ok"] != true {
            return trial.refused(&answer.to_string());
        }
        *position.lock().expect("no panic elsewhere") = answer["last_event_id"].as_str().map(str::to_owned);
        trial.hear("ready", &answer);
    });
    if let Err(error) = sent {
        eprintln!("subscribe: {error}");
    }
}

fn first(payload: Payload) -> Value {
    match payload {
        Payload::Text(values) => values.into_iter().next().unwrap_or(Value::Null),
        _ => Value::Null,
    }
}

/// An acknowledgement comes as the list of its values.
fn unwrapped(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().next().unwrap_or(Value::Null),
        other => other,
    }
}
