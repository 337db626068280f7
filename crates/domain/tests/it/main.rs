//! The rules of time against what others say of them: vectors, and a naive model.

mod business_time;
mod drafts;
mod held_out;
mod model;
mod personal_words;
mod sentiment;
mod sentiment_texts;
mod spoken;
mod spoken_texts;
mod tally;
mod vectors;
