//! Words that tell nothing of what a contact is about: the English ones as the ranking of solutions knows them, and the German
//! ones, which that does not treat apart. What they tell is asked here alone, so that no ranking changes with them.

use std::collections::HashSet;
use std::sync::LazyLock;

use aftercall_retrieval::words::{Word, tells, words};

/// German words that hold sentences together, and that are no English words, as both are compared: without dots above them.
const GERMAN: &str = "aber alle allem aller alles als ander andere anderem anderen anderer anderes auch auf aus bei beim bis \
    bist bitte damit dann das dass daß dazu dein deine deinem deinen deiner deines dem denn der deren dessen dich diese \
    diesem diesen dieser dieses doch dort durch ein eine einem einen einer eines einige einigem einigen einiger einiges \
    einmal etwas euch euer eure eurem euren eurer gegen gewesen hab habe haben hatte hatten hätte hätten hier ich ihm ihn \
    ihnen ihr ihre ihrem ihren ihrer ihres indem ist jede jedem jeden jeder jedes jene jenem jenen jener jenes jetzt kann \
    kein keine keinem keinen keiner keines können könnte könnten manche manchem manchen mancher manches mein meine meinem \
    meinen meiner meines mich mir möchte möchten muss muß müssen musste nach nicht nichts noch nur oder ohne schon sehr sein \
    seine seinem seinen seiner seines seit selbst sich sie sind solche solchem solchen solcher solches soll sollen sollte \
    sondern sonst und uns unser unsere unserem unseren unserer unseres unter vom von vor wann warum weil welche welchem \
    welchen welcher welches wenn werde werden wie wieder wir wird wurde wurden würde würden während zu zum zur zwar zwischen";

/// The same of such as mean something in English: where nothing else is German, they are left alone.
const EITHER: &str = "allen am an also bin da den des dies die dir du er es für hat her hin im ins man mit nun ob so über um war \
    was will wo";

static OF_GERMAN: LazyLock<HashSet<String>> = LazyLock::new(|| set(GERMAN));
static OF_EITHER: LazyLock<HashSet<String>> = LazyLock::new(|| set(EITHER));

/// The words as texts have them, without case and accents.
fn set(list: &str) -> HashSet<String> {
    let words = words(list).into_iter();
    words.map(|word| word.spelling).collect()
}

/// Which words of a text tell something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling {
    is_german: bool,
}

impl Telling {
    /// For a text of these words.
    pub(super) fn of<'w>(mut words: impl Iterator<Item = &'w Word>) -> Self {
        Self {
            is_german: words.any(|word| OF_GERMAN.contains(&word.spelling)),
        }
    }

    /// Whether a word of the text does.
    pub(super) fn is(self, word: &Word) -> bool {
        let has_letters = word.term.chars().any(char::is_alphabetic);
        has_letters && word.term.len() > 1 && tells(&word.term) && !self.is_faint(&word.spelling)
    }

    fn is_faint(self, spelling: &str) -> bool {
        self.is_german && (OF_GERMAN.contains(spelling) || OF_EITHER.contains(spelling))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telling(text: &str) -> Vec<String> {
        let words = words(text);
        let telling = Telling::of(words.iter());
        let told = words.into_iter().filter(|word| telling.is(word));
        told.map(|word| word.spelling).collect()
    }

    #[test]
    fn german_words_that_hold_a_sentence_together_tell_nothing() {
        let said = "Die Störung war nach dem Gewitter für uns noch da, und der Router hat keine Verbindung.";
        assert_eq!(
            telling(said),
            ["storung", "gewitter", "router", "verbindung"]
        );
    }

    #[test]
    fn what_means_something_in_english_tells_it_where_nothing_is_german() {
        assert_eq!(telling("The hat in the bin"), ["hat", "bin"]);
        assert_eq!(telling("Der Hut hat ein Loch"), ["hut", "loch"]);
        // Without its dots it is a firm's name, or what a coat is of.
        let said = "Uber lost the fur coat";
        assert_eq!(telling(said), ["uber", "lost", "fur", "coat"]);
        assert_eq!(telling("Das war für den Hut"), ["hut"]);
    }
}
