//! Reading server-sent events (HTML standard, "Server-sent events"), never holding more than one event of bounded size.

/// The most bytes of one event: a part of a snapshot holds a thousand changes of a few hundred bytes.
const EVENT_MAX: usize = 4 * 1024 * 1024;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerSentEvent {
    /// What it is.
    pub name: String,
    /// What it says.
    pub data: String,
    /// Where it stands in the stream.
    pub id: Option<String>,
}

/// An event is longer than any that is meant for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {EVENT_MAX} bytes")]
pub struct TooLong;

/// Takes a stream apart, however it is cut into pieces.
#[derive(Debug, Default)]
pub struct EventReader {
    line: Vec<u8>,
    event: ServerSentEvent,
    size: usize,
    after_return: bool,
}

impl EventReader {
    /// Takes the next bytes and yields the events that are complete with them.
    ///
    /// # Errors
    /// [`TooLong`]; then the stream is of no more use.
    pub fn read(&mut self, bytes: &[u8]) -> Result<Vec<ServerSentEvent>, TooLong> {
        let mut events = Vec::new();
        for &byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                _ => {
                    self.size += 1;
                    if self.size > EVENT_MAX {
                        return Err(TooLong);
                    }
                    self.line.push(byte);
                }
            }
        }
        Ok(events)
    }

    /// An empty line ends an event; one without data is none.
    fn end_line(&mut self) -> Option<ServerSentEvent> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            self.size = 0;
            return Some(std::mem::take(&mut self.event)).filter(|event| !event.data.is_empty());
        }
        let line = String::from_utf8_lossy(&line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "id" if !value.contains('\0') => self.event.id = Some(value.to_owned()),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            // Comments, and what later versions may add.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "\u{feff}: hello\n\nid: a-1\nevent: user_off\ndata: {\"x\":\"é\"}\n\nevent:heartbeat\r\ndata:1\r\ndata: 2\r\rdata\n\nid: a-2\n\ndata: half";

    #[test]
    fn events_are_the_same_however_the_stream_is_cut() {
        let whole = EventReader::default().read(STREAM.as_bytes()).unwrap();
        let event = |name: &str, data: &str, id: Option<&str>| ServerSentEvent {
            name: name.into(),
            data: data.into(),
            id: id.map(Into::into),
        };
        assert_eq!(whole, [event("user_off", "{\"x\":\"é\"}", Some("a-1")), event("heartbeat", "1\n2", None)]);
        for size in 1..STREAM.len() {
            let mut reader = EventReader::default();
            let pieces = STREAM.as_bytes().chunks(size).flat_map(|piece| reader.read(piece).unwrap());
            assert_eq!(pieces.collect::<Vec<_>>(), whole, "in pieces of {size}");
        }
    }

    #[test]
    fn neither_a_long_line_nor_many_lines_fill_the_memory() {
        let mut reader = EventReader::default();
        assert_eq!(reader.read(&vec![b'x'; EVENT_MAX + 1]), Err(TooLong));
        let mut reader = EventReader::default();
        let line = format!("data: {}\n", "x".repeat(1000));
        let outcome = (0..EVENT_MAX / 1000 + 1).try_for_each(|_| reader.read(line.as_bytes()).map(drop));
        assert_eq!(outcome, Err(TooLong));
        let mut reader = EventReader::default();
        let event = format!("{line}\n");
        assert!((0..EVENT_MAX / 500).all(|_| reader.read(event.as_bytes()).is_ok_and(|events| events.len() == 1)));
    }
}
