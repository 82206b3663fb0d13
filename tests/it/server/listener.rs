//! A socket that records HTTP requests.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A listener on a port that the kernel chooses, with a thread for each connection.
pub(crate) struct Listener {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    /// Calls `answer` for each connection once its first request's head has arrived, with the first line of the head.
    pub(crate) fn start(answer: impl Fn(TcpStream, &str) -> io::Result<()> + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let all = Self { address, requests: Arc::clone(&requests) };
        thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let (answer, requests) = (answer.clone(), Arc::clone(&requests));
                // Errors are ignored, because the client reports a lost connection itself.
                thread::spawn(move || {
                    let line = first_line(&mut client)?;
                    requests.lock().expect("no thread has panicked").push(line.clone());
                    answer(client, &line)
                });
            }
        });
        all
    }

    /// Returns the first lines of all requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no thread has panicked").clone()
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
