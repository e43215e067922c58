//! A condition in SQL. SQL's logic of three values is that of the filters: a comparison with a missing value is neither
//! true nor false, nor is its opposite.

use chrono::{DateTime, TimeZone, Utc};
use clarion_domain::filter::{
    Comparison, Condition, Operator, PropertyKind, Relation, Value, fold,
};
use diesel::sql_types::Bool;

use super::column::{Column, Place, Source};
use super::{Bind, Clause};
use crate::dialect::{CaseFolding, Texts};
use crate::stored;

type Where = Clause<Bool>;

/// Writes a condition: any of its comparisons, or none of them.
pub(super) fn write(clause: &mut Where, texts: Texts, condition: &Condition<Column>) {
    let operator = condition.operator;
    let between = between(operator);
    clause.joined(&condition.comparisons, between, |clause, comparison| {
        write_comparison(clause, texts, operator, comparison);
    });
}

fn between(operator: Operator) -> &'static str {
    if operator.negated { " AND " } else { " OR " }
}

fn write_comparison(
    clause: &mut Where,
    texts: Texts,
    operator: Operator,
    comparison: &Comparison<Column>,
) {
    let source = comparison.property.column.0;
    let given: Vec<&Value> = comparison.values.iter().flatten().collect();
    let asks_for_missing = given.len() < comparison.values.len();
    if asks_for_missing {
        open(clause, operator);
        write_missing(clause, source);
        clause.sql(")");
    }
    if given.is_empty() {
        return;
    }
    if asks_for_missing {
        clause.sql(between(operator));
    }
    if let Source::Partial { present, .. } = source {
        clause.sql("(").sql(present).sql(" AND ");
    }
    open(clause, operator);
    write_given(
        clause,
        texts,
        operator,
        source,
        comparison.property.kind,
        &given,
    );
    clause.sql(")");
    if let Source::Partial { .. } = source {
        clause.sql(")");
    }
}

fn open(clause: &mut Where, operator: Operator) {
    clause.sql(if operator.negated { "NOT (" } else { "(" });
}

fn write_missing(clause: &mut Where, source: Source) {
    match source {
        Source::Plain(sql) => clause.sql(sql).sql(" IS NULL"),
        Source::Partial { present, .. } => clause.sql("NOT ").sql(present),
        Source::Place(_) => clause.sql("FALSE"),
    };
}

/// Any of the values.
fn write_given(
    clause: &mut Where,
    texts: Texts,
    operator: Operator,
    source: Source,
    kind: PropertyKind,
    values: &[&Value],
) {
    let sql = match source {
        Source::Plain(sql) | Source::Partial { sql, .. } => sql,
        Source::Place(place) if operator.relation == Relation::Equals => {
            clause.joined(values, " OR ", |clause, id| write_place(clause, place, id));
            return;
        }
        Source::Place(place) => place.number(),
    };
    if kind == PropertyKind::Text {
        write_texts(clause, texts, operator, sql, values);
    } else if operator.relation == Relation::Equals {
        write_one_of(
            clause,
            Operand::plain(sql),
            values.iter().map(|value| bound(value)),
        );
    } else {
        clause.joined(values, " OR ", |clause, value| {
            clause
                .sql(sql)
                .sql(sign(operator.relation))
                .bind(bound(value));
        });
    }
}

fn write_place(clause: &mut Where, place: Place, id: &Value) {
    let Some(key) = place.named(id) else {
        clause.sql("FALSE");
        return;
    };
    clause
        .sql("(")
        .sql(place.campaign)
        .sql(" = ")
        .bind(Bind::Integer(key.campaign.0));
    clause
        .sql(" AND ")
        .sql(place.seq)
        .sql(" = ")
        .bind(Bind::Integer(key.seq.into()));
    clause.sql(")");
}

/// What is compared: a column, perhaps folded.
#[derive(Clone, Copy)]
struct Operand {
    before: &'static str,
    sql: &'static str,
    after: &'static str,
}

impl Operand {
    const fn plain(sql: &'static str) -> Self {
        Self {
            before: "",
            sql,
            after: "",
        }
    }

    const fn folded(sql: &'static str) -> Self {
        Self {
            before: "fold_case(",
            sql,
            after: ")",
        }
    }

    fn write(self, clause: &mut Where) -> &mut Where {
        clause.sql(self.before).sql(self.sql).sql(self.after)
    }
}

fn write_texts(
    clause: &mut Where,
    texts: Texts,
    operator: Operator,
    sql: &'static str,
    values: &[&Value],
) {
    let given: Vec<&str> = values.iter().filter_map(|value| storable(value)).collect();
    if given.is_empty() {
        // False for every text, and nothing for a missing one.
        clause.sql(sql).sql(" <> ").sql(sql);
        return;
    }
    match (operator.ignores_case, texts.case_folding) {
        (false, _) => {
            let given = given.into_iter().map(str::to_owned);
            write_any_text(clause, texts, operator.relation, Operand::plain(sql), given);
        }
        (true, CaseFolding::Function) => {
            let given = given.into_iter().map(fold);
            write_any_text(
                clause,
                texts,
                operator.relation,
                Operand::folded(sql),
                given,
            );
        }
        (true, CaseFolding::Pattern(pattern)) => {
            let pattern = pattern(operator.relation, &given);
            clause.sql(sql).sql(" ~ ").bind(Bind::Text(pattern));
        }
    }
}

/// No stored text holds a NUL: PostgreSQL's cannot, and refuses even the question.
fn storable(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) if !text.contains('\0') => Some(text),
        _ => None,
    }
}

fn write_any_text(
    clause: &mut Where,
    texts: Texts,
    relation: Relation,
    operand: Operand,
    given: impl Iterator<Item = String>,
) {
    if relation == Relation::Equals {
        write_one_of(clause, operand, given.map(Bind::Text));
        return;
    }
    clause.joined(given, " OR ", |clause, text| match relation {
        Relation::StartsWith => write_beginning(clause, operand, text),
        Relation::EndsWith => write_end(clause, operand, text),
        _ => write_part(clause, texts, operand, text),
    });
}

fn write_one_of(clause: &mut Where, operand: Operand, values: impl Iterator<Item = Bind>) {
    operand.write(clause).sql(" IN (");
    clause.joined(values, ", ", |clause, value| {
        clause.bind(value);
    });
    clause.sql(")");
}

// Not by LIKE: its signs would have to be escaped, and on SQLite it leaves the case of ASCII letters aside.

fn write_part(clause: &mut Where, texts: Texts, operand: Operand, text: String) {
    clause.sql(texts.position).sql("(");
    operand
        .write(clause)
        .sql(", ")
        .bind(Bind::Text(text))
        .sql(") > 0");
}

fn write_beginning(clause: &mut Where, operand: Operand, text: String) {
    clause.sql("substr(");
    operand.write(clause).sql(", 1, ").bind(characters(&text));
    clause.sql(") = ").bind(Bind::Text(text));
}

/// Where the column is shorter than the text, what is cut out differs between the databases; but it is never as long as
/// the text.
fn write_end(clause: &mut Where, operand: Operand, text: String) {
    clause.sql("substr(");
    operand.write(clause).sql(", length(");
    operand
        .write(clause)
        .sql(") + 1 - ")
        .bind(characters(&text));
    clause.sql(") = ").bind(Bind::Text(text));
}

fn characters(text: &str) -> Bind {
    Bind::Length(i32::try_from(text.chars().count()).unwrap_or(i32::MAX))
}

fn sign(relation: Relation) -> &'static str {
    match relation {
        Relation::Greater => " > ",
        Relation::Less => " < ",
        Relation::AtLeast => " >= ",
        Relation::AtMost => " <= ",
        Relation::Equals | Relation::Contains | Relation::StartsWith | Relation::EndsWith => " = ",
    }
}

/// A value as columns keep it.
fn bound(value: &Value) -> Bind {
    match value {
        Value::Text(text) => Bind::Text(text.clone()),
        Value::Integer(number) => Bind::Integer(*number),
        Value::Decimal(number) => Bind::Integer(number.millionths),
        Value::DateTime(at) => Bind::Moment(stored::shown_moment(within_reach(*at))),
        Value::Boolean(value) => Bind::Boolean(*value),
        Value::Uuid(id) => Bind::Text(id.to_string()),
    }
}

/// An offset may lead to a year of another number of digits, which SQLite's order, by text, does not know.
fn within_reach(at: DateTime<Utc>) -> DateTime<Utc> {
    let moment = |year, month, day, hour, minute| {
        let second = minute;
        Utc.with_ymd_and_hms(year, month, day, hour, minute, second)
            .single()
            .unwrap_or(at)
    };
    at.clamp(moment(0, 1, 1, 0, 0), moment(9_999, 12, 31, 23, 59))
}
