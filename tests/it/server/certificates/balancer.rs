//! A TCP load balancer that stands in for a Service: one address for several replicas.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Forwards each connection to one of several addresses in turn.
pub(crate) struct Balancer {
    pub(crate) address: SocketAddr,
    backends: Arc<Mutex<Vec<SocketAddr>>>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Balancer {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let (backends, streams) = (Arc::<Mutex<Vec<SocketAddr>>>::default(), Arc::<Mutex<Vec<TcpStream>>>::default());
        let balancer = Self { address, backends: Arc::clone(&backends), streams: Arc::clone(&streams) };
        let turn = AtomicUsize::new(0);
        // The thread ends with the test process.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let backends = backends.lock().expect("no panic").clone();
                let turn = turn.fetch_add(1, Ordering::Relaxed);
                let Some(backend) = backends.get(turn % backends.len().max(1)) else { continue };
                let Ok(server) = TcpStream::connect(backend) else { continue };
                let mut streams = streams.lock().expect("no panic");
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (mut from, mut to) = (from.try_clone().expect("a copy"), to.try_clone().expect("a copy"));
                    streams.push(from.try_clone().expect("a copy"));
                    thread::spawn(move || {
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
            }
        });
        balancer
    }

    /// Sets the addresses for new connections. Existing connections stay.
    pub(crate) fn set(&self, backends: Vec<SocketAddr>) {
        *self.backends.lock().expect("no panic") = backends;
    }

    /// Closes every connection, and accepts no more.
    pub(crate) fn cut(&self) {
        self.set(Vec::new());
        for stream in self.streams.lock().expect("no panic").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
