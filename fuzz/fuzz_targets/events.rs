//! Any stream is taken apart without panic, however it is cut into pieces, to the same events, and whatever
//! they say is taken in; a genuine event after them comes out as it was written.

#![no_main]

use countersign_guard::{EventReader, ServerSentEvent};
use countersign_token::{Change, Followed, Notice};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], u8, &str, Option<i64>)| {
    let (bytes, size, user, until) = input;
    let whole = EventReader::default().read(bytes).expect("it is shorter than the longest event");
    let mut reader = EventReader::default();
    let pieces = bytes.chunks(usize::from(size).max(1));
    let pieces: Vec<ServerSentEvent> = pieces.flat_map(|piece| reader.read(piece).expect("the same")).collect();
    assert_eq!(whole, pieces);

    let mut followed = Followed::default();
    for event in whole {
        if let Ok(notice) = Notice::read(&event.name, &event.data) {
            followed.take(notice, event.id, 0);
        }
    }

    let notice = Notice::Change(Change::UserOff { user: user.to_owned(), until });
    let written = format!("\n\nid: 1\nevent: {}\ndata: {}\n\n", notice.name(), notice.data());
    let events = reader.read(written.as_bytes()).expect("short");
    let last = events.last().expect("what is written is an event");
    assert_eq!(Notice::read(&last.name, &last.data), Ok(notice));
    assert_eq!(last.id.as_deref(), Some("1"));
});
