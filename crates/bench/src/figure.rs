//! What was measured, against what it should be; as a table and as JSON.

use std::fmt::Write as _;

use clarion_rig::say;
use serde_json::{Value, json};

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// Something that was measured.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) step: &'static str,
    /// Or what else it was measured on.
    pub(crate) subject: String,
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    target: Option<Target>,
}

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
    /// What could not be measured, and why.
    left_out: Vec<String>,
}

/// Where the figures of one step on one database go.
pub(crate) struct Page<'a> {
    report: &'a mut Report,
    step: &'static str,
    subject: &'a str,
}

impl Target {
    /// How well it is met: 1 or more is met.
    fn ratio(self, value: f64) -> f64 {
        match self {
            Self::AtLeast(least) => value / least,
            Self::AtMost(most) => most / value,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {}", number(least)),
            Self::AtMost(most) => format!("≤ {}", number(most)),
        }
    }
}

impl Figure {
    fn row(&self) -> String {
        let (step, subject, name, unit) = (self.step, &self.subject, &self.name, self.unit);
        let value = number(self.value);
        let (target, ratio) = match self.target {
            Some(target) => (target.text(), number(target.ratio(self.value))),
            None => Default::default(),
        };
        format!("| {step} | {subject} | {name} | {value} | {unit} | {target} | {ratio} |")
    }

    fn json(&self) -> Value {
        let ratio = self.target.map(|target| target.ratio(self.value));
        json!({
            "step": self.step, "subject": self.subject, "figure": self.name, "value": self.value, "unit": self.unit,
            "target": self.target.map(Target::text), "ratioToTarget": ratio,
        })
    }
}

impl Report {
    pub(crate) fn page<'a>(&'a mut self, step: &'static str, subject: &'a str) -> Page<'a> {
        Page {
            report: self,
            step,
            subject,
        }
    }

    /// Tells that something could not be measured.
    pub(crate) fn leave_out(&mut self, reason: String) -> anyhow::Result<()> {
        say(&format!("Not measured: {reason}"))?;
        self.left_out.push(reason);
        Ok(())
    }

    /// The figures in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from(
            "\n| step | on | figure | value | unit | target | value to target, ≥ 1 is met |\n\
             | --- | --- | --- | ---: | --- | --- | ---: |\n",
        );
        for figure in &self.figures {
            let _ = writeln!(text, "{}", figure.row());
        }
        for reason in &self.left_out {
            let _ = writeln!(text, "\nNot measured: {reason}");
        }
        text
    }

    /// The figures as JSON.
    pub(crate) fn json(&self) -> String {
        let figures: Vec<_> = self.figures.iter().map(Figure::json).collect();
        let all = json!({ "figures": figures, "leftOut": self.left_out });
        format!("{all:#}\n")
    }
}

impl Page<'_> {
    /// Adds a figure.
    pub(crate) fn add(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
    ) -> anyhow::Result<()> {
        self.push(name.into(), value, unit, None)
    }

    /// Adds a figure that should be so much.
    pub(crate) fn hold(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        target: Target,
    ) -> anyhow::Result<()> {
        self.push(name.into(), value, unit, Some(target))
    }

    /// Tells that something could not be measured.
    pub(crate) fn leave_out(&mut self, reason: String) -> anyhow::Result<()> {
        self.report.leave_out(reason)
    }

    fn push(
        &mut self,
        name: String,
        value: f64,
        unit: &'static str,
        target: Option<Target>,
    ) -> anyhow::Result<()> {
        let figure = Figure {
            step: self.step,
            subject: self.subject.to_owned(),
            name,
            value,
            unit,
            target,
        };
        say(&figure.row())?;
        self.report.figures.push(figure);
        Ok(())
    }
}

/// To three digits, and thousands apart.
fn number(value: f64) -> String {
    let decimals = match value.abs() {
        0.0 | 100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let digits = whole.len();
    let mut apart = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (digits - place).is_multiple_of(3) && !apart.ends_with('-') {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        for (value, written) in [
            (0.0, "0"),
            (0.1234, "0.123"),
            (1.0, "1.00"),
            (12.34, "12.3"),
            (999.6, "1,000"),
            (8_735.2, "8,735"),
            (1_234_567.0, "1,234,567"),
            (-123_456.0, "-123,456"),
        ] {
            assert_eq!(number(value), written);
        }
    }

    #[test]
    fn a_target_is_met_from_one_on() {
        let least = Target::AtLeast(20_000.0);
        assert!(least.ratio(20_000.0) >= 1.0 && least.ratio(19_999.0) < 1.0);
        let most = Target::AtMost(80.0);
        assert!(most.ratio(80.0) >= 1.0 && most.ratio(81.0) < 1.0);
        assert_eq!(most.text(), "≤ 80.0");
    }

    #[test]
    fn a_report_has_a_row_for_each_figure_and_what_was_left_out() {
        let mut report = Report::default();
        let mut page = report.page("sending", "SQLite");
        page.hold("rate", 10_000.0, "messages/s", Target::AtLeast(20_000.0))
            .unwrap();
        page.add("peak", 90.0, "MB").unwrap();
        page.leave_out("no PostgreSQL".to_owned()).unwrap();
        let text = report.markdown();
        assert!(
            text.contains("| sending | SQLite | rate | 10,000 | messages/s | ≥ 20,000 | 0.500 |\n")
        );
        assert!(text.contains("| sending | SQLite | peak | 90.0 | MB |  |  |\n"));
        assert!(text.contains("Not measured: no PostgreSQL"));
        let read: Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!(read["figures"][0]["ratioToTarget"], json!(0.5));
    }
}
