//! What lies between those who call and those who answer: a proxy that can be cut, slowed down, or
//! made to lose answers. It also does what a Service of Kubernetes does: whoever connects gets one of
//! the processes that are in turn.

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinSet,
};

use crate::ChaosError;

/// What is carried at a time.
const CHUNK: usize = 64 * 1024;

/// What becomes of what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// It arrives at once.
    Clear,
    /// Connections are broken off, and none comes about.
    Cut,
    /// It arrives so much later, either way.
    Late(Duration),
    /// What is asked arrives; what is answered never does, and in the end connections are broken off.
    Unanswered,
}

/// A proxy on a port of its own. Dropped, everything that goes through it is broken off.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    _carrying: JoinSet<()>,
}

struct State {
    now: watch::Sender<Now>,
    behind: Mutex<VecDeque<SocketAddr>>,
}

#[derive(Debug, Clone, Copy)]
struct Now {
    weather: Weather,
    /// How often connections were broken off.
    broken_off: u64,
}

impl Proxy {
    /// Listens for those behind it.
    pub async fn start(behind: impl IntoIterator<Item = SocketAddr>) -> Result<Self, ChaosError> {
        let port = knipperlicht_sandbox::free_port().map_err(ChaosError::io("find a port"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(ChaosError::io("listen for a proxy"))?;
        let address = listener
            .local_addr()
            .map_err(ChaosError::io("listen for a proxy"))?;
        let state = Arc::new(State {
            now: watch::Sender::new(Now {
                weather: Weather::Clear,
                broken_off: 0,
            }),
            behind: Mutex::new(behind.into_iter().collect()),
        });
        let mut carrying = JoinSet::new();
        carrying.spawn(accept(listener, Arc::clone(&state)));
        Ok(Self {
            address,
            state,
            _carrying: carrying,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what becomes of what is said. Connections are broken off in a cut, and where answers
    /// were lost: what comes after a gap makes no sense.
    pub fn set(&self, weather: Weather) {
        self.state.now.send_modify(|now| {
            if weather == Weather::Cut || now.weather == Weather::Unanswered {
                now.broken_off += 1;
            }
            now.weather = weather;
        });
    }

    /// Leads whoever connects from now on to these, in turn. Connections there are stay.
    pub fn lead_to(&self, behind: impl IntoIterator<Item = SocketAddr>) {
        *self.state.behind() = behind.into_iter().collect();
    }

    /// Breaks off all connections there are.
    pub fn break_off(&self) {
        self.set(Weather::Cut);
        self.set(Weather::Clear);
    }
}

impl State {
    fn behind(&self) -> MutexGuard<'_, VecDeque<SocketAddr>> {
        // Nothing is left half done by a panic elsewhere.
        self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects to the next in turn that answers.
    async fn connect(&self) -> Option<TcpStream> {
        let tries = self.behind().len();
        for _ in 0..tries {
            let next = {
                let mut behind = self.behind();
                behind.rotate_left(1);
                behind.back().copied()?
            };
            if let Ok(stream) = TcpStream::connect(next).await {
                return Some(stream);
            }
        }
        None
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((client, _)) = accepted {
                    connections.spawn(carry(client, Arc::clone(&state)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Carries one connection until both have hung up, or it is broken off.
async fn carry(client: TcpStream, state: Arc<State>) {
    // From before the connection, so that no change is missed.
    let mut now = state.now.subscribe();
    let Now {
        weather,
        broken_off,
    } = *now.borrow();
    if weather == Weather::Cut {
        return;
    }
    let Some(server) = state.connect().await else {
        return;
    };
    let (Ok(()), Ok(())) = (client.set_nodelay(true), server.set_nodelay(true)) else {
        return;
    };
    let (asked, answers) = client.into_split();
    let (answered, asks) = server.into_split();
    let questions = carry_questions(asked, asks, now.clone());
    let answers = carry_answers(answered, answers, now.clone());
    let carrying = async { tokio::join!(questions, answers) };
    tokio::select! {
        _ = carrying => {}
        _ = now.wait_for(|now| now.broken_off > broken_off) => {}
    }
}

async fn carry_questions(from: OwnedReadHalf, to: OwnedWriteHalf, now: watch::Receiver<Now>) {
    carry_one_way(from, to, |_| false, now).await;
}

async fn carry_answers(from: OwnedReadHalf, to: OwnedWriteHalf, now: watch::Receiver<Now>) {
    carry_one_way(from, to, |weather| weather == Weather::Unanswered, now).await;
}

async fn carry_one_way(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    is_lost: impl Fn(Weather) -> bool,
    now: watch::Receiver<Now>,
) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        let weather = now.borrow().weather;
        if is_lost(weather) {
            continue;
        }
        if let Weather::Late(by) = weather {
            tokio::time::sleep(by).await;
        }
        if to.write_all(&chunk[..length]).await.is_err() {
            return;
        }
    }
    // Whoever hung up may still be answered.
    let _ = to.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers each line with its name and the line.
    async fn server(name: &'static str) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut said = [0; 64];
                    while let Ok(length @ 1..) = stream.read(&mut said).await {
                        let answer = [name.as_bytes(), &said[..length]].concat();
                        if stream.write_all(&answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        address
    }

    async fn ask(stream: &mut TcpStream) -> Option<String> {
        stream.write_all(b"?").await.ok()?;
        let mut answer = [0; 64];
        match stream.read(&mut answer).await {
            Ok(length @ 1..) => Some(String::from_utf8_lossy(&answer[..length]).into_owned()),
            _ => None,
        }
    }

    #[tokio::test]
    async fn whoever_connects_gets_the_next_in_turn_that_is_there() {
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let nobody = gone.local_addr().unwrap();
        drop(gone);
        let proxy = Proxy::start([server("a").await, nobody, server("b").await])
            .await
            .unwrap();
        let mut answers = Vec::new();
        for _ in 0..4 {
            let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
            answers.push(ask(&mut stream).await.unwrap());
        }
        answers.sort();
        answers.dedup();
        assert_eq!(answers, ["a?", "b?"]);
    }

    #[tokio::test]
    async fn a_cut_breaks_off_what_there_is_and_lets_nothing_come_about() {
        let proxy = Proxy::start([server("a").await]).await.unwrap();
        let mut before = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut before).await.unwrap(), "a?");
        proxy.set(Weather::Cut);
        assert_eq!(ask(&mut before).await, None);
        let mut during = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut during).await, None);
        proxy.set(Weather::Clear);
        let mut after = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut after).await.unwrap(), "a?");
    }

    #[tokio::test]
    async fn a_lost_answer_never_comes_and_the_connection_ends() {
        let proxy = Proxy::start([server("a").await]).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream).await.unwrap(), "a?");
        proxy.set(Weather::Unanswered);
        let asking = ask(&mut stream);
        let clearing = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            proxy.set(Weather::Clear);
        };
        assert_eq!(tokio::join!(asking, clearing).0, None);
    }

    #[tokio::test]
    async fn what_is_late_arrives() {
        let proxy = Proxy::start([server("a").await]).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        proxy.set(Weather::Late(Duration::from_millis(30)));
        let since = tokio::time::Instant::now();
        assert_eq!(ask(&mut stream).await.unwrap(), "a?");
        assert!(since.elapsed() >= Duration::from_millis(60));
    }
}
