//! What is written to remembers the greatest token, and refuses a smaller one.

#[test]
fn a_leader_that_wakes_too_late_is_refused() {
    #[derive(Default)]
    struct Invoices {
        token: u64,
        sent: Vec<&'static str>,
    }

    impl Invoices {
        fn send(&mut self, token: u64, invoice: &'static str) -> Result<(), String> {
            if token < self.token {
                return Err(format!(
                    "token {token} is of an earlier leader than {}",
                    self.token
                ));
            }
            self.token = token;
            self.sent.push(invoice);
            Ok(())
        }
    }

    let mut invoices = Invoices::default();
    invoices.send(204, "first").unwrap(); // The leader …
    invoices.send(237, "second").unwrap(); // … is succeeded …
    invoices.send(204, "second").unwrap_err(); // … wakes, and is refused.
    invoices.send(237, "third").unwrap();
    assert_eq!(invoices.sent, ["first", "second", "third"]);
}
