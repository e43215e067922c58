//! Files of every kind hold the same contacts, and what is no file of contacts is told with its place.

use std::io::Write;

use clarion_batch::{ContactFile, Field, FileEncoding, FileError, Format, ReadOptions};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{open, try_open};

const CONTACTS: [(&str, &str); 3] = [
    ("07700 900001", "Zoë"),
    ("+447700900002", "Smith, \"Jo\""),
    ("07700900003", ""),
];

fn contacts(file: ContactFile<'_>) -> Vec<(String, String)> {
    let mut contacts = Vec::new();
    file.for_each(|contact| {
        contacts.push((
            contact.phone_number.unwrap_or_default().into_owned(),
            contact.name.unwrap_or_default().into_owned(),
        ));
    })
    .unwrap();
    contacts
}

fn check(file: &[u8]) {
    let wanted = CONTACTS.map(|(phone, name)| (phone.to_owned(), name.to_owned()));
    assert_eq!(
        contacts(open(file)),
        wanted,
        "{}",
        String::from_utf8_lossy(file)
    );
}

/// The same contacts as CSV, with this between values and lines.
fn csv(delimiter: char, line_end: &str) -> String {
    let lines = [
        format!("Mobile number{delimiter}First name"),
        format!("07700 900001{delimiter}Zoë"),
        format!("+447700900002{delimiter}\"Smith, \"\"Jo\"\"\""),
        format!("07700900003{delimiter}"),
    ];
    lines.join(line_end) + line_end
}

#[test]
fn csv_of_any_delimiter_and_line_end() {
    for delimiter in [',', ';', '\t', '|', ':', '\u{1f}'] {
        for line_end in ["\n", "\r\n", "\r"] {
            check(csv(delimiter, line_end).as_bytes());
        }
    }
    check(format!("sep=;\r\n{}", csv(';', "\r\n")).as_bytes());
    check(csv(',', "\n").trim_end().as_bytes());
    check(format!("\r\n\n{}\n,\n", csv(',', "\n")).as_bytes());
}

#[test]
fn csv_of_any_encoding() {
    let text = csv(';', "\r\n");
    check(format!("\u{feff}{text}").as_bytes());
    check(
        &FileEncoding::for_label(b"windows-1252")
            .unwrap()
            .encode(&text)
            .0,
    );
    let utf16 = format!("\u{feff}{text}");
    let little: Vec<u8> = utf16.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = utf16.encode_utf16().flat_map(u16::to_be_bytes).collect();
    check(&little);
    check(&big);
}

#[test]
fn json_in_its_shapes() {
    let contact = |(phone, name): (&str, &str)| match name {
        "" => serde_json::json!({"phoneNumber": phone, "name": null}).to_string(),
        name => {
            serde_json::json!({"x": [{"y": "]"}], "phoneNumber": phone, "name": name}).to_string()
        }
    };
    let lines = CONTACTS.map(contact);
    check((lines.join("\n") + "\n").as_bytes());
    check(lines.join("\r\n\r\n").as_bytes());
    check(format!("[{}]", lines.join(",")).as_bytes());
    check(format!("\u{feff} [\n{}\n]\n", lines.join(" ,\n")).as_bytes());
    check(format!("{{\"sender\":\"A\",\"contacts\":[{}]}}", lines.join(",")).as_bytes());
    let pretty = lines.join(",").replace(",\"", ",\n  \"");
    check(format!("{{\n\"contacts\": [{pretty}],\n\"message\": \"contacts\"\n}}\n").as_bytes());
}

#[test]
fn gzip_of_each() {
    for text in [
        csv(',', "\n"),
        "{\"phoneNumber\":\"07700 900001\"}\n".to_owned(),
    ] {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        assert_eq!(contacts(open(&packed)), contacts(open(text.as_bytes())));
    }
}

#[test]
fn contacts_are_whole_where_blocks_of_a_large_file_meet() {
    let name = |index: usize| format!("line\n\"{index}\", {}", "é".repeat(index % 90));
    let count = 30_000;
    let mut csv = "phoneNumber,name\n".to_owned();
    let mut json = "[".to_owned();
    for index in 0..count {
        csv += &format!("{index},\"{}\"\n", name(index).replace('"', "\"\""));
        json += &format!(
            "{}{}",
            if index > 0 { "," } else { "" },
            serde_json::json!({"phoneNumber": index.to_string(), "name": name(index)})
        );
    }
    json += "]";
    assert!(csv.len() > 2_000_000);
    for file in [csv, json] {
        let mut read = 0;
        for (phone, name_read) in contacts(open(file.as_bytes())) {
            assert_eq!((phone, name_read), (read.to_string(), name(read)));
            read += 1;
        }
        assert_eq!(read, count);
    }
}

#[test]
fn what_is_known_beforehand_is_believed() {
    let options = ReadOptions {
        format: Some(Format::Csv),
        delimiter: Some(b'/'),
        encoding: FileEncoding::for_label(b"iso-8859-7"),
        columns: vec![
            (Field::Name, "1".parse().unwrap()),
            (Field::PhoneNumber, "2".parse().unwrap()),
        ],
        no_header: true,
    };
    let file = ContactFile::open(&b"\xc5\xeb\xdd\xed\xe7/1\n[,]/2\n"[..], &options).unwrap();
    assert_eq!(
        file.columns(),
        [(Field::Name, 1, None), (Field::PhoneNumber, 2, None)]
    );
    let wanted =
        [("1", "Ελένη"), ("2", "[,]")].map(|(phone, name)| (phone.to_owned(), name.to_owned()));
    assert_eq!(contacts(file), wanted);
}

#[test]
fn the_columns_that_were_found_can_be_told() {
    assert_eq!(
        open(b"id,Mobile,First Name\n1,2,3\n").columns(),
        [
            (Field::PhoneNumber, 2, Some("Mobile")),
            (Field::Name, 3, Some("First Name"))
        ]
    );
    assert_eq!(
        open(b"07700900001\n").columns(),
        [(Field::PhoneNumber, 1, None)]
    );
}

fn failure(file: &[u8]) -> String {
    let outcome = try_open(file).and_then(|file| file.for_each(|_| ()));
    outcome.unwrap_err().to_string()
}

#[test]
fn a_file_that_holds_no_contacts_is_refused_with_its_place() {
    for (file, message) in [
        ("", "is empty"),
        (" \n\n", "is empty"),
        (
            "\n\nname,age\nAnn,7\n",
            "line 3 names no column of phone numbers; its columns are: name, age",
        ),
        (
            "{\"sender\":\n\"A\"}",
            "line 1: the JSON object has no array contacts",
        ),
        (
            "{\"sender\":\"A\",\n\"contacts\":7}",
            "line 2: contacts must be an array",
        ),
        (
            "{\"sender\":7,\"contacts\":[]}",
            "line 1: invalid type: integer `7`, expected a string",
        ),
        ("[{}\n,{}", "line 2: the file ends within its contacts"),
        (
            "[{}\n,{}\n,{\"name\":x}]",
            "contacts[2] at line 3 is no JSON: expected value",
        ),
        ("[{}] x", "line 1: trailing characters"),
        (
            "{\"contacts\":[{}]\n",
            "line 2: EOF while parsing an object",
        ),
        (
            "phone,name\n1,Ann\n2,\"Bob\n3,Cy\n",
            "the line that begins at line 3 has a quote that is never closed",
        ),
    ] {
        assert_eq!(failure(file.as_bytes()), message, "{file}");
    }
}

#[test]
fn a_contact_without_end_is_refused_before_it_fills_the_memory() {
    let file = format!("phone,name\n1,\"{}", "a\n".repeat(9_000_000));
    let Err(FileError::Endless { line, .. }) = try_open(file.as_bytes()).unwrap().for_each(|_| ())
    else {
        panic!("not refused");
    };
    assert_eq!(line, 2);
}
