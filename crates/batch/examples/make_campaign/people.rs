//! Who the contacts are: names in several scripts, orders, and where they can be fetched.

use super::random::Random;

const NAMES: [&str; 36] = [
    "Ann",
    "Bob Carter",
    "O'Neill",
    "Jim \"JB\" Brown",
    "Smith, Jo",
    "Zoë",
    "Siân ap Gwŷr",
    "Łukasz",
    "François",
    "Ærøskøbing Åse",
    "Müller",
    "İpek",
    "Núñez, María",
    "Þóra",
    "Jiří",
    "Νίκος",
    "Ελένη Παππά",
    "Иван",
    "Ольга Петрова",
    "Ґалаґан",
    "დავით",
    "Արամ",
    "דוד",
    "محمد",
    "فاطمة الزهراء",
    "अमित",
    "ப்ரியா",
    "সুমন",
    "สมชาย",
    "王小明",
    "山田太郎",
    "さくら",
    "김민수",
    "Nguyễn Văn An",
    "Kwame",
    "Ana 🐳",
];

const PLACES: [&str; 6] = [
    "Pick it up at the front desk.",
    "It waits at locker 12 [north hall].",
    "Côte d'Ivoire desk – ask for Awa…",
    "Ask at the “Blue Door” on the corner; bring a document with your name on it, and the code that we have sent to you \
     in our letter, because without it the shop is not allowed to hand anything over to anybody at all.",
    "Εθνικό κέντρο διαλογής, παράθυρο 4. Παρακαλούμε έχετε μαζί σας την ταυτότητά σας και τον κωδικό παραλαβής.",
    "Your neighbour has it.",
];

/// Its name, order and place; now and then there is none, or only white space.
pub(super) struct Person {
    pub(super) name: Option<String>,
    pub(super) custom1: Option<String>,
    pub(super) custom2: Option<String>,
}

pub(super) fn person(random: &mut Random) -> Person {
    let name = match random.below(100) {
        0..12 => None,
        12..15 => Some("  ".to_owned()),
        _ => Some((*random.pick(&NAMES)).to_owned()),
    };
    let order = format!(
        "{}-{:05}",
        random.pick(&["A", "B", "€"]),
        random.below(100_000)
    );
    Person {
        name,
        custom1: (!random.chance(20)).then_some(order),
        custom2: random
            .chance(30)
            .then(|| (*random.pick(&PLACES)).to_owned()),
    }
}
