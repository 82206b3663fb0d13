//! A socket that is asked things in HTTP.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A listener on a port that the kernel chooses, with a thread for each connection.
pub(crate) struct Listener {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    /// Gives each connection to `answer` once its first request's head has come, with the first line of that.
    pub(crate) fn start(answer: impl Fn(TcpStream, &str) -> io::Result<()> + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let all = Self { address, asked: Arc::clone(&asked) };
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let (answer, asked) = (answer.clone(), Arc::clone(&asked));
                // Whether the client has gone away is seen by what it says.
                thread::spawn(move || {
                    let line = first_line(&mut client)?;
                    asked.lock().expect("no thread has panicked").push(line.clone());
                    answer(client, &line)
                });
            }
        });
        all
    }

    /// The first lines of what it was asked.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no thread has panicked").clone()
    }
}

fn first_line(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned())
}
