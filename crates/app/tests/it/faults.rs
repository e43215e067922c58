//! What providers do, row by row, and the end that a message must come to: a scripted simulator in one process, the
//! service in another.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::time::timeout;

use crate::service::{DEADLINE, Service, Setup};
use crate::smsc_log;

/// Longer than any row takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// More than any part needs that is taken after all: a bind that is not slowed down tries far more often.
const MOST_TRIES: usize = 20;

/// A row of a table: what the provider does | the rule that makes it do so | the status that the message ends with.
/// A message is of two parts where the name says that it is long; `second` is in its second part only.
struct Row {
    name: &'static str,
    rule: String,
    status: i64,
}

impl Row {
    fn is_long(&self) -> bool {
        self.name.starts_with("long: ")
    }
}

/// With ids written alike in the response and in the receipt.
const ALIKE: &str = "\
delivered | receipt.delivered = 1 | 1
accepted | receipt.accepted = 1 | 2
expired | receipt.expired = 1 | 3
deleted | receipt.deleted = 1 | 4
undeliverable | receipt.undeliverable = 1 | 5
unknown | receipt.unknown = 1 | 6
rejected | receipt.rejected = 1 | 7
failed | receipt = { format = 'text', text = 'id:{id} stat:FAILED err:0A1' } | 8
a word not shortened | receipt = { format = 'text', text = 'id:{id} done date:260102030405 stat:REJECTED' } | 7
on its way, in the words of others: acked | receipt = { format = 'text', text = 'id:{id} stat:ACKED' } | 0
buffered | receipt = { format = 'text', text = 'id:{id} stat:BUFFERED' } | 0
buffered, shortened | receipt = { format = 'text', text = 'id:{id} stat:BUFFRED' } | 0
fields missing, reordered | receipt = { format = 'text', text = 'stat:EXPIRED id:{id}' } | 3
Text:, donedate: | receipt = { format = 'text', text = 'id:{id} sub:001 submitdate:20260102030405 donedate:0000000000 stat:DELIVRD err:000 Text:x' } | 1
text alone | receipt = { undeliverable = 1, format = 'text' } | 5
parameters alone | receipt = { deleted = 1, format = 'tlvs' } | 4
parameters alone, with an error code | receipt = { undeliverable = 1, format = 'tlvs' } | 5
message_payload | receipt = { expired = 1, format = 'payload' } | 3
data_sm | receipt = { rejected = 1, format = 'data_sm' } | 7
not flagged | receipt = { undeliverable = 1, format = 'text', unflagged = true } | 5
before the response | receipt = { undeliverable = 1, early = true } | 5
before the response, twice | receipt = { expired = 1, early = true, duplicate_share = 1 } | 3
twice | receipt = { deleted = 1, duplicate_share = 1 } | 4
intermediate before | receipt = { undeliverable = 1, enroute = 'before' } | 5
intermediate after | receipt = { undeliverable = 1, enroute = 'after' } | 5
accepted, then delivered | receipt = { accepted = 1, then = 'delivered' } | 1
accepted, then expired | receipt = { accepted = 1, then = 'expired' } | 3
accepted after the end | receipt = { deleted = 1, then = 'accepted' } | 4
two ends | receipt = { delivered = 1, then = 'undeliverable' } | 1
late | receipt = { undeliverable = 1, delay_ms = [3_000, 3_000] } | 5
an id that nobody gave | receipt = { format = 'text', text = 'id:never-given stat:DELIVRD' } | 0
an id given twice | response.different_ids = 1; receipt.undeliverable = 1 | 5
an id given twice, another number | response.different_ids = 1; receipt.deleted = 1 | 4
hexadecimal | response.ids = 'hexadecimal' | 1
padded | response.ids = 'padded'; receipt.expired = 1 | 3
hyphenated | response.ids = 'hyphenated'; receipt.deleted = 1 | 4
as long as an id may be | response.ids = 'long'; receipt.expired = 1 | 3
slow | response.delay_ms = [300, 500] | 1
no such number | response.error = 0x0B | 34
wrong sender | response.error = 0x0A | 7
submit failed | response.error = 0x45 | 8
expired at once | response.error = 0x62 | 3
undeliverable at once | response.error = 0xFE | 5
a code of the provider's own | response.error = 0x400 | 7
a code that the gateway explains | response.error = 0x401 | 1000
long: all parts delivered | receipt.delivered = 1 | 1
long: one part undeliverable | text = 'second'; receipt.undeliverable = 1 | 5
long: one part refused | text = 'second'; response.error = 0x0B | 34
long: one part not answered | text = 'second'; response.silent_share = 1; receipt.none = 1 | 6
answered too late | response.delay_ms = [3_000, 3_000]; receipt.undeliverable = 1 | 5
refused too late | response.delay_ms = [3_000, 3_000]; response.error = 0x0B | 34
long: one part answered too late | text = 'second'; response.delay_ms = [3_000, 3_000] | 1
no answer | response.silent_share = 1; receipt.none = 1 | 6
no answer, but a receipt | response.silent_share = 1 | 6
";

/// What troubles the whole bind, and so comes one by one when the others have ended.
const DISTURBING: &str = "\
long: throttled | response.per_second = 1 | 1
long: bursts | response.throttle_every_ms = 700; response.throttle_for_ms = 200 | 1
stalled | response.stall_share = 1; response.stall_ms = [300, 300] | 1
cut off in the middle of the answer | response.cut_share = 1; receipt.none = 1 | 6
as usual on the next connection | receipt.undeliverable = 1 | 5
refused for now, and never taken | response.error = 0x14 | 3
";

/// The gateway of these lets the provider split long messages.
const HEXADECIMAL_RESPONSE: &str = "\
long: one id and one receipt for all parts | response.ids = 'mixed'; receipt.undeliverable = 1 | 5
long: not split, but refused | response.error = 0x0B | 34
long: not split, and not answered | response.silent_share = 1; receipt.none = 1 | 6
decimal receipt | response.ids = 'mixed'; receipt.expired = 1 | 3
decimal receipt first | response.ids = 'mixed'; receipt = { deleted = 1, early = true } | 4
";

/// The gateway of these ties long messages together by sar_*.
const DECIMAL_RESPONSE: &str = "\
long: tied by parameters | response.ids = 'inverse'; receipt.expired = 1 | 3
hexadecimal receipt | response.ids = 'inverse'; receipt.expired = 1 | 3
hexadecimal receipt first | response.ids = 'inverse'; receipt = { deleted = 1, early = true } | 4
";

#[tokio::test]
async fn messages_end_as_the_provider_has_it_on_sqlite() {
    every_row_ends_as_it_must(Setup::new).await;
}

#[tokio::test]
async fn messages_end_as_the_provider_has_it_on_postgresql() {
    if clarion_persistence::testing::new_postgres_url().is_none() {
        return;
    }
    every_row_ends_as_it_must(|| {
        let url = clarion_persistence::testing::new_postgres_url().unwrap();
        Setup::new().with("CLARION__DATABASE__URL", &url)
    })
    .await;
}

async fn every_row_ends_as_it_must(setup: impl Fn() -> Setup) {
    let (alike, hexadecimal, decimal) = tokio::join!(
        differing(setup(), "", ALIKE, DISTURBING),
        differing(
            setup(),
            "id_form = 'hexadecimal_response'\nconcatenation = 'payload'",
            HEXADECIMAL_RESPONSE,
            ""
        ),
        differing(
            setup(),
            "id_form = 'decimal_response'\nconcatenation = 'sar'",
            DECIMAL_RESPONSE,
            ""
        ),
    );
    let differing = [alike, hexadecimal, decimal].concat();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

fn rows(table: &'static str) -> Vec<Row> {
    let row = |line: &'static str| {
        let fields: Vec<&str> = line.split(" | ").collect();
        Row {
            name: fields[0],
            rule: fields[1].replace("; ", "\n"),
            status: fields[2].parse().unwrap(),
        }
    };
    table.lines().map(row).collect()
}

/// The rows that ended in another way, in words.
async fn differing(
    setup: Setup,
    gateway_has: &str,
    together: &'static str,
    one_by_one: &'static str,
) -> Vec<String> {
    let mut all = rows(together);
    let first_alone = all.len();
    all.extend(rows(one_by_one));
    let (_simulator, port) = start_simulator(&setup, &all).await;
    let file = setup.write("gateway.toml", &gateway(&port, gateway_has));
    let arguments = ["serve", "--config", file.to_str().unwrap()];
    let service = setup.start_as(&arguments).await;
    for (index, row) in all[..first_alone].iter().enumerate() {
        post(&service, index, row).await;
    }
    wait_for(&service, &all[..first_alone]).await;
    for index in first_alone..all.len() {
        post(&service, index, &all[index]).await;
        wait_for(&service, &all[..=index]).await;
    }
    // Read again at the end: what came afterwards must have changed nothing.
    let ends = statuses(&service).await;
    let mut differing = unmatched_differs(&service, &all).await;
    differing.extend(counted_otherwise(&service, &all).await);
    service.stop().await;
    differing.extend(handed_over_in_vain(&setup.log()));
    let differs = |(index, row): (usize, &Row)| {
        let Row { name, status, .. } = row;
        let end = ends.get(&number(index));
        (end != Some(status)).then(|| format!("{name}: {end:?} instead of {status}"))
    };
    differing.extend(all.iter().enumerate().filter_map(differs));
    differing
}

/// The messages that do not count as the parts that their text makes, however the gateway ties them.
async fn counted_otherwise(service: &Service, rows: &[Row]) -> Vec<String> {
    let counts: HashMap<String, i64> = each_message(service, "smsCount").await;
    let differs = |(index, row): (usize, &Row)| {
        let parts = if row.is_long() { 2 } else { 1 };
        let count = counts.get(&number(index));
        (count != Some(&parts)).then(|| format!("{}: {count:?} parts", row.name))
    };
    rows.iter().enumerate().filter_map(differs).collect()
}

/// Whether a receipt that named an id of nobody's is not kept, once for each row that has such.
async fn unmatched_differs(service: &Service, rows: &[Row]) -> Vec<String> {
    let strays = rows
        .iter()
        .filter(|row| row.rule.contains("id:never-given"));
    let path = "/Gateways/main/UnmatchedReceipts?filters=providerId==never-given";
    let page = service.get(path).await;
    if page["totalRecords"] == strays.count() {
        return Vec::new();
    }
    vec![format!("unmatched: {page}")]
}

/// The parts that the provider was offered again when it had them, or too often before.
fn handed_over_in_vain(log: &Path) -> Vec<String> {
    let in_vain = |(part, tries): (_, Vec<bool>)| {
        let taken = tries.iter().position(|taken| *taken)? + 1;
        (taken < tries.len() || taken > MOST_TRIES)
            .then(|| format!("{part:?}: {} tries, taken at {taken}", tries.len()))
    };
    smsc_log::tries(log)
        .into_iter()
        .filter_map(in_vain)
        .collect()
}

async fn start_simulator(setup: &Setup, rows: &[Row]) -> (Child, String) {
    let rules = rows.iter().enumerate().map(|(index, row)| {
        format!(
            "[[rules]]\ndestination = '{}'\n{}\n",
            number(index),
            row.rule
        )
    });
    setup.write("faults.toml", &rules.collect::<String>());
    let mut child = setup
        .command(&["simulator", "--script", "faults.toml"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(DEADLINE, lines.next_line()).await.unwrap().unwrap();
    let port = line.unwrap().rsplit(':').next().unwrap().to_owned();
    (child, port)
}

fn gateway(port: &str, has: &str) -> String {
    format!(
        "[[gateways]]
name = 'main'
host = '127.0.0.1'
port = {port}
system_id = 'clarion'
response_timeout = '2s'
reconnect_min = '100ms'
retry = '10s'
{has}
[gateways.codes]
'0x401' = 'failed_insufficient_credit'
"
    )
}

fn number(index: usize) -> String {
    format!("+447700900{index:03}")
}

async fn post(service: &Service, index: usize, row: &Row) {
    let name = row.name;
    let mut text = name.to_owned();
    if row.is_long() {
        text = format!("{name:.<170}second part");
    }
    let body = json!({"sender": "ACME", "phoneNumber": number(index), "message": text});
    let answer = service.post("/SMSMessages", body.to_string()).await;
    assert_eq!(answer.status(), 201, "{name}");
}

/// Waits until the rows have their status, or for so long that some of them must be wrong.
async fn wait_for(service: &Service, rows: &[Row]) {
    let wait = async {
        loop {
            let statuses = statuses(service).await;
            let has_ended =
                |(index, row): (usize, &Row)| statuses.get(&number(index)) == Some(&row.status);
            if rows.iter().enumerate().all(has_ended) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // Which ones are wrong is told at the end for all together.
    let _ = timeout(PATIENCE, wait).await;
}

/// The status of the message to each number.
async fn statuses(service: &Service) -> HashMap<String, i64> {
    each_message(service, "status").await
}

/// A number that the message to each number has.
async fn each_message(service: &Service, property: &str) -> HashMap<String, i64> {
    let page = service.get("/SMSMessages?pageSize=1000").await;
    let of_message = |message: &serde_json::Value| {
        let number = message["phoneNumber"].as_str().unwrap().to_owned();
        (number, message[property].as_i64().unwrap())
    };
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(of_message)
        .collect()
}
