//! What the page says in each language where the client has no words of its own.

use clarion_domain::opt_out_link::PageLanguage;

/// The words of a language; `{from}` stands for the brand or the sender.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) question: &'static str,
    pub(super) opt_out: &'static str,
    pub(super) done: &'static str,
    pub(super) undo: &'static str,
}

pub(super) const NO_SUCH_LINK: &str = "This link does not exist.";

pub(super) fn of(language: PageLanguage) -> &'static Words {
    match language {
        PageLanguage::De => &DE,
        PageLanguage::En => &EN,
        PageLanguage::Es => &ES,
        PageLanguage::Fr => &FR,
    }
}

const DE: Words = Words {
    title: "Keine Nachrichten mehr",
    question: "Möchten Sie keine SMS mehr von {from} bekommen?",
    opt_out: "Abmelden",
    done: "Sie sind abgemeldet und bekommen keine SMS mehr von {from}.",
    undo: "Rückgängig machen",
};

const EN: Words = Words {
    title: "No more messages",
    question: "Do you want to get no more text messages from {from}?",
    opt_out: "Stop messages",
    done: "You are opted out, and get no more text messages from {from}.",
    undo: "Undo",
};

const ES: Words = Words {
    title: "No más mensajes",
    question: "¿Desea no recibir más mensajes de texto de {from}?",
    opt_out: "Darme de baja",
    done: "Se ha dado de baja y no recibirá más mensajes de texto de {from}.",
    undo: "Deshacer",
};

const FR: Words = Words {
    title: "Plus de messages",
    question: "Souhaitez-vous ne plus recevoir de SMS de {from} ?",
    opt_out: "Me désinscrire",
    done: "Vous êtes désinscrit et ne recevrez plus de SMS de {from}.",
    undo: "Annuler",
};
