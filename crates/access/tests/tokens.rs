//! Access tokens, checked by the keys of an issuer that is really asked for them by https.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, crypto::sign, jwk::Jwk};
use knipperlicht_access::{
    AccessError, ClaimNames, KeySource, Principal, Role, RoleName, TokenRules, Verifier,
};
use knipperlicht_runtime::{Coded, OsRandom, Stop};
use knipperlicht_vocabulary::{Clock, Environment, ZoneId};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ED25519,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{RootCertStore, ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer},
};

/// Of this test alone; RFC 8017 keys, for nothing here can make them in reasonable time.
const RSA_2048: &[u8] = include_bytes!("data/rsa_2048.der");
const RSA_1024: &[u8] = include_bytes!("data/rsa_1024.der");

const NOW: i64 = 1_790_000_000;

#[derive(Clone, Default)]
struct Hands(Arc<AtomicI64>);

impl Hands {
    fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(NOW + self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// A key of the issuer.
#[derive(Clone)]
struct Signer {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Signer {
    fn new(id: &'static str, algorithm: Algorithm) -> Self {
        let key = match algorithm {
            Algorithm::EdDSA => {
                // A seed of its own for each name: PKCS#8 of rcgen holds the public half as well.
                let mut seed = [0; 32];
                let pair = KeyPair::generate_for(&PKCS_ED25519)
                    .unwrap()
                    .serialize_der();
                seed.copy_from_slice(&pair[16..48]);
                let header = [
                    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04,
                    0x22, 0x04, 0x20,
                ];
                EncodingKey::from_ed_der(&[header.as_slice(), &seed].concat())
            }
            Algorithm::ES256 => {
                let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
                EncodingKey::from_ec_der(pair.serialized_der())
            }
            _ => EncodingKey::from_rsa_der(RSA_2048),
        };
        Self { id, algorithm, key }
    }

    fn jwk(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = Some(self.id.to_owned());
        jwk.common.key_algorithm = None;
        serde_json::to_value(jwk).unwrap()
    }

    fn header(&self) -> Value {
        json!({"alg": format!("{:?}", self.algorithm), "typ": "at+jwt", "kid": self.id})
    }

    fn token(&self, claims: &Value) -> String {
        self.signs(&self.header().to_string(), &claims.to_string())
    }

    fn signs(&self, header: &str, claims: &str) -> String {
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature = sign(message.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

/// What the issuer answers when it is asked for its keys.
#[derive(Clone)]
enum Answer {
    Keys(Vec<Value>),
    Bytes(String),
    Redirect,
    Nothing,
}

/// An issuer on this machine.
struct Issuer {
    url: String,
    roots: RootCertStore,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start(answer: Answer) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, &authority).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let issuer = Self {
            url: url.clone(),
            roots,
            answer: Arc::new(Mutex::new(answer)),
            asked: Arc::default(),
        };
        let (answer, asked) = (Arc::clone(&issuer.answer), Arc::clone(&issuer.asked));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut request = vec![0; 4096];
                let read = stream.read(&mut request).await.unwrap_or_default();
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let body = if request.starts_with("GET /.well-known/openid-configuration ") {
                    json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string()
                } else {
                    asked.fetch_add(1, Ordering::SeqCst);
                    match answer.lock().unwrap().clone() {
                        Answer::Keys(keys) => json!({ "keys": keys }).to_string(),
                        Answer::Bytes(text) => text,
                        Answer::Redirect => "redirect".to_owned(),
                        Answer::Nothing => continue,
                    }
                };
                let status = if body == "redirect" {
                    "302 Found\r\nlocation: /keys"
                } else {
                    "200 OK"
                };
                let response = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(response.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        issuer
    }

    fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn rules(&self) -> TokenRules {
        TokenRules {
            keys: KeySource::Issuer {
                jwks_url: None,
                roots: self.roots.clone(),
            },
            issuer: self.url.clone(),
            audiences: vec!["knipperlicht".to_owned(), "kl-app".to_owned()],
            claims: ClaimNames::default(),
            longest: Duration::from_hours(24),
        }
    }

    /// The claims of a token that is believed.
    fn claims(&self) -> Value {
        json!({
            "iss": self.url, "aud": "knipperlicht", "sub": "nurse-1", "iat": NOW, "exp": NOW + 3600,
            "role": "reporter",
        })
    }
}

struct Door {
    issuer: Issuer,
    verifier: Verifier,
    hands: Hands,
}

impl Door {
    async fn of(answer: Answer) -> Self {
        let issuer = Issuer::start(answer).await;
        let rules = issuer.rules();
        Self::with(issuer, &rules)
    }

    fn with(issuer: Issuer, rules: &TokenRules) -> Self {
        let hands = Hands::default();
        let environment = Environment::new(Arc::new(hands.clone()), Arc::new(OsRandom)).unwrap();
        let verifier = Verifier::new(rules, environment).unwrap();
        Self {
            issuer,
            verifier,
            hands,
        }
    }

    async fn admits(&self, token: &str) -> Result<Principal, AccessError> {
        let admitted = self.verifier.verify(token).await?;
        Ok(admitted.principal)
    }

    async fn code(&self, token: &str) -> &'static str {
        self.admits(token)
            .await
            .map_or_else(|error| error.code(), |_| "in")
    }
}

#[tokio::test]
async fn each_algorithm_of_the_list_is_believed_by_its_own_key() {
    let signers = [
        Signer::new("ed", Algorithm::EdDSA),
        Signer::new("ec", Algorithm::ES256),
        Signer::new("rsa", Algorithm::RS256),
        Signer::new("pss", Algorithm::PS256),
    ];
    let door = Door::of(Answer::Keys(signers.iter().map(Signer::jwk).collect())).await;
    for signer in &signers {
        let principal = door
            .admits(&signer.token(&door.issuer.claims()))
            .await
            .unwrap();
        assert_eq!(principal.role, Role::Reporter);
        assert_eq!(principal.subject.as_str(), "nurse-1");
    }
    assert_eq!(door.issuer.asked(), 1);

    // A key checks what is of its own kind, and nothing else.
    for signer in &signers {
        for other in &signers {
            let is_same_kind =
                |kind: Algorithm| matches!(kind, Algorithm::RS256 | Algorithm::PS256);
            let fits = signer.id == other.id
                || is_same_kind(signer.algorithm) && is_same_kind(other.algorithm);
            if fits {
                continue;
            }
            let mut header = signer.header();
            header["kid"] = json!(other.id);
            let token = signer.signs(&header.to_string(), &door.issuer.claims().to_string());
            assert_eq!(
                door.code(&token).await,
                "KL0002",
                "{} as {}",
                signer.id,
                other.id
            );
        }
    }
}

/// How a token is spoiled, and what is said of it.
type Spoil = fn(&mut Value, &mut Value);

const SPOILED: &[(&str, Spoil, &str)] = &[
    ("as it is", |_, _| {}, "in"),
    (
        "another issuer",
        |_, c| c["iss"] = json!("https://elsewhere.example"),
        "KL0002",
    ),
    (
        "several issuers",
        |_, c| c["iss"] = json!([c["iss"], "x"]),
        "KL0002",
    ),
    (
        "for somebody else",
        |_, c| c["aud"] = json!("another"),
        "KL0002",
    ),
    ("for nobody", |_, c| c["aud"] = json!([]), "KL0002"),
    (
        "for two",
        |_, c| c["aud"] = json!(["another", "kl-app"]),
        "in",
    ),
    ("run out", |_, c| c["exp"] = json!(NOW - 61), "KL0003"),
    ("just run out", |_, c| c["exp"] = json!(NOW - 59), "in"),
    ("without an end", |_, c| c["exp"] = Value::Null, "KL0002"),
    (
        "an end in words",
        |_, c| c["exp"] = json!("tomorrow"),
        "KL0002",
    ),
    (
        "an end far away",
        |_, c| c["exp"] = json!(NOW + 25 * 3600),
        "KL0002",
    ),
    (
        "an end beyond all time",
        |_, c| c["exp"] = json!(i64::MAX),
        "KL0002",
    ),
    (
        "an old one of years",
        |_, c| c["iat"] = json!(NOW - 30 * 24 * 3600),
        "KL0002",
    ),
    ("not yet", |_, c| c["nbf"] = json!(NOW + 61), "KL0002"),
    ("almost", |_, c| c["nbf"] = json!(NOW + 59), "in"),
    (
        "made in the future",
        |_, c| c["iat"] = json!(NOW + 61),
        "KL0002",
    ),
    ("nobody's", |_, c| c["sub"] = Value::Null, "KL0002"),
    ("of no name", |_, c| c["sub"] = json!("a b"), "KL0002"),
    ("without a role", |_, c| c["role"] = Value::Null, "KL0002"),
    (
        "an unknown role",
        |_, c| c["role"] = json!("king"),
        "KL0002",
    ),
    ("a service", |_, c| c["role"] = json!("service"), "KL0002"),
    ("a link", |_, c| c["role"] = json!("link_holder"), "KL0002"),
    (
        "two roles",
        |_, c| c["role"] = json!(["reporter", "admin"]),
        "KL0002",
    ),
    (
        "one of two roles",
        |_, c| c["role"] = json!(["reporter", "offline_access"]),
        "in",
    ),
    (
        "a partner of nobody",
        |_, c| c["role"] = json!("partner"),
        "KL0002",
    ),
    (
        "a coordinator of nothing",
        |_, c| c["role"] = json!("coordinator"),
        "KL0002",
    ),
    (
        "a zone that is none",
        |_, c| c["zones"] = json!(["x'; --"]),
        "KL0002",
    ),
    ("an ID token", |_, c| c["typ"] = json!("ID"), "KL0002"),
    ("an access token", |_, c| c["typ"] = json!("Bearer"), "in"),
    (
        "of another type",
        |h, _| h["typ"] = json!("logout+jwt"),
        "KL0002",
    ),
    (
        "of no type",
        |h, _| {
            h.as_object_mut().unwrap().remove("typ");
        },
        "in",
    ),
    ("unsigned", |h, _| h["alg"] = json!("none"), "KL0002"),
    (
        "signed otherwise",
        |h, _| h["alg"] = json!("ES384"),
        "KL0002",
    ),
    ("by a secret", |h, _| h["alg"] = json!("HS256"), "KL0002"),
    (
        "something critical",
        |h, _| h["crit"] = json!(["exp"]),
        "KL0002",
    ),
    ("an unknown key", |h, _| h["kid"] = json!("other"), "KL0002"),
    (
        "a path as a key",
        |h, _| h["kid"] = json!("../../../dev/null"),
        "KL0002",
    ),
    (
        "a query as a key",
        |h, _| h["kid"] = json!("' union select 'x"),
        "KL0002",
    ),
    ("a number as a key", |h, _| h["kid"] = json!(1), "KL0002"),
    (
        "a long key",
        |h, _| h["kid"] = json!("x".repeat(201)),
        "KL0002",
    ),
    (
        "no key, of one",
        |h, _| {
            h.as_object_mut().unwrap().remove("kid");
        },
        "in",
    ),
    (
        "long",
        |_, c| c["more"] = json!("x".repeat(8 * 1024)),
        "KL0002",
    ),
];

#[tokio::test]
async fn a_token_that_is_not_quite_right_is_not_believed() {
    let signer = Signer::new("ed", Algorithm::EdDSA);
    let door = Door::of(Answer::Keys(vec![signer.jwk()])).await;
    for (name, spoil, expected) in SPOILED {
        let (mut header, mut claims) = (signer.header(), door.issuer.claims());
        spoil(&mut header, &mut claims);
        // What is null is not there.
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        let token = signer.signs(&header.to_string(), &claims.to_string());
        let found = door.admits(&token).await;
        let code = found.as_ref().map_or_else(Coded::code, |_| "in");
        assert_eq!(code, *expected, "{name}: {found:?}");
        // What is said of it holds nothing of it.
        if let Err(error) = found {
            let said = error.to_string();
            assert!(
                !said.contains("nurse-1") && !said.contains(&token[..20]),
                "{said}"
            );
        }
    }
    println!("tokens tried = {}", SPOILED.len());
}

#[tokio::test]
async fn nobody_forges_a_token() {
    let (ours, strangers) = (
        Signer::new("ed", Algorithm::EdDSA),
        Signer::new("ed", Algorithm::EdDSA),
    );
    let rsa = Signer::new("rsa", Algorithm::RS256);
    let door = Door::of(Answer::Keys(vec![ours.jwk(), rsa.jwk()])).await;
    let claims = door.issuer.claims().to_string();
    let good = ours.token(&door.issuer.claims());
    assert_eq!(door.code(&good).await, "in");
    let mut forged = vec![strangers.token(&door.issuer.claims())];

    // The public key as the secret of HS256: in each form in which an attacker has it.
    for public in [&ours, &rsa] {
        let jwk = public.jwk();
        let part = jwk
            .get("x")
            .or_else(|| jwk.get("n"))
            .unwrap()
            .as_str()
            .unwrap();
        for secret in [
            jwk.to_string().into_bytes(),
            part.as_bytes().to_vec(),
            URL_SAFE_NO_PAD.decode(part).unwrap(),
        ] {
            let shared = Signer {
                id: public.id,
                algorithm: Algorithm::HS256,
                key: EncodingKey::from_secret(&secret),
            };
            forged.push(shared.token(&door.issuer.claims()));
            // And with a header that names the key's own algorithm.
            forged.push(shared.signs(&public.header().to_string(), &claims));
        }
    }
    // The stranger's key brought along.
    let mut header = strangers.header();
    header["jwk"] = strangers.jwk();
    forged.push(strangers.signs(&header.to_string(), &claims));
    let mut header = strangers.header();
    header["jku"] = json!("https://localhost:1/keys");
    header["x5u"] = json!("https://localhost:1/keys");
    forged.push(strangers.signs(&header.to_string(), &claims));
    // Said twice: which one holds?
    let twice = claims.replacen('{', r#"{"role":"admin","#, 1);
    forged.push(ours.signs(&ours.header().to_string(), &twice));
    let twice = ours
        .header()
        .to_string()
        .replacen('{', r#"{"alg":"none","#, 1);
    forged.push(ours.signs(&twice, &claims));
    // Without a signature, with that of another, with something behind it.
    let (message, signature) = good.rsplit_once('.').unwrap();
    forged.push(format!("{message}."));
    forged.push(message.to_owned());
    forged.push(format!("{good}.{signature}"));
    forged.push(format!("{good}="));
    let changed = claims.replace("reporter", "operator");
    let (header, _) = message.split_once('.').unwrap();
    forged.push(format!(
        "{header}.{}.{signature}",
        URL_SAFE_NO_PAD.encode(changed)
    ));
    forged.extend(["", ".", "..", "a.b.c", "e30.e30."].map(str::to_owned));

    for token in &forged {
        assert_eq!(door.code(token).await, "KL0002", "{token}");
    }
    println!("forgeries tried = {}", forged.len());
    assert_eq!(door.code(&good).await, "in");
}

#[tokio::test]
async fn a_new_key_is_asked_for_and_a_vanished_one_is_believed_no_more() {
    let (old, new) = (
        Signer::new("old", Algorithm::EdDSA),
        Signer::new("new", Algorithm::ES256),
    );
    let door = Door::of(Answer::Keys(vec![old.jwk()])).await;
    let of_old = old.token(&door.issuer.claims());
    assert_eq!(door.code(&of_old).await, "in");
    assert_eq!(door.issuer.asked(), 1);

    // Rotated: the first token that names the new key has it asked for, a while after the last time.
    door.issuer.answers(Answer::Keys(vec![new.jwk()]));
    let of_new = new.token(&door.issuer.claims());
    assert_eq!(door.code(&of_new).await, "KL0002");
    assert_eq!(door.code(&of_old).await, "in");
    door.hands.advance(10);
    assert_eq!(door.code(&of_new).await, "in");
    assert_eq!(door.issuer.asked(), 2);

    // What was believed by the key that is gone is not any more, though it was remembered.
    assert_eq!(door.code(&of_old).await, "KL0002");
}

#[tokio::test]
async fn a_storm_of_unknown_keys_asks_the_issuer_once() {
    let signer = Signer::new("ed", Algorithm::EdDSA);
    let door = Arc::new(Door::of(Answer::Keys(vec![signer.jwk()])).await);
    let good = signer.token(&door.issuer.claims());
    assert_eq!(door.code(&good).await, "in");
    door.hands.advance(60);
    let calls = (0..500).map(|number| {
        let mut header = signer.header();
        header["kid"] = json!(format!("random-{number}"));
        let token = signer.signs(&header.to_string(), &door.issuer.claims().to_string());
        let door = Arc::clone(&door);
        tokio::spawn(async move { door.code(&token).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), "KL0002");
    }
    assert_eq!(
        door.issuer.asked(),
        2,
        "once at the beginning, once in the storm"
    );
    assert_eq!(door.code(&good).await, "in");
}

#[tokio::test]
async fn while_the_issuer_is_away_its_last_keys_hold_and_before_that_nobody_is_let_in() {
    let signer = Signer::new("ed", Algorithm::EdDSA);
    let door = Door::of(Answer::Nothing).await;
    let token = signer.token(&door.issuer.claims());
    assert_eq!(door.code(&token).await, "KL0008");
    assert!(!door.verifier.has_keys());

    // It asks by itself until there is an answer.
    door.issuer.answers(Answer::Keys(vec![signer.jwk()]));
    let stop = Stop::default();
    let keep = door.verifier.keep_keys(stop.clone());
    let wait = async {
        while !door.verifier.has_keys() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.request();
    };
    tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(keep, wait) })
        .await
        .unwrap();
    assert_eq!(door.code(&token).await, "in");

    let other = Signer::new("other", Algorithm::EdDSA);
    for answer in [
        Answer::Nothing,
        Answer::Redirect,
        Answer::Bytes("not JSON".to_owned()),
        Answer::Bytes(r#"{"keys":[]}"#.to_owned()),
        // Too long to be read to its end, though it names keys.
        Answer::Bytes(json!({"keys": [other.jwk()], "more": "x".repeat(300 * 1024)}).to_string()),
        Answer::Keys(vec![other.jwk(); 101]),
    ] {
        door.issuer.answers(answer);
        door.hands.advance(10);
        let asked = door.issuer.asked();
        assert_eq!(
            door.code(&other.token(&door.issuer.claims())).await,
            "KL0002"
        );
        assert!(door.issuer.asked() > asked, "it was not asked");
        assert_eq!(door.code(&token).await, "in");
    }
}

#[tokio::test]
async fn weak_and_foreign_keys_are_left_out() {
    let good = Signer::new("good", Algorithm::EdDSA);
    let weak = Signer {
        id: "weak",
        algorithm: Algorithm::RS256,
        key: EncodingKey::from_rsa_der(RSA_1024),
    };
    let secret = Signer {
        id: "secret",
        algorithm: Algorithm::HS256,
        key: EncodingKey::from_secret(b"known to all"),
    };
    let changed = |id: &'static str, name: &str, value: Value| {
        let signer = Signer::new(id, Algorithm::RS256);
        let mut jwk = signer.jwk();
        jwk[name] = value;
        (signer, jwk)
    };
    let mut others = vec![(weak.clone(), weak.jwk()), (secret.clone(), secret.jwk())];
    others.push(changed("enc", "use", json!("enc")));
    others.push(changed("wraps", "key_ops", json!(["wrapKey"])));
    others.push(changed("private", "d", json!("AQAB")));
    others.push(changed("other", "alg", json!("RS512")));
    let keys = others
        .iter()
        .map(|(_, jwk)| jwk.clone())
        .chain([good.jwk()]);
    let door = Door::of(Answer::Keys(keys.collect())).await;
    assert_eq!(door.code(&good.token(&door.issuer.claims())).await, "in");
    for (signer, _) in &others {
        let code = door.code(&signer.token(&door.issuer.claims())).await;
        assert_eq!(code, "KL0002", "{}", signer.id);
    }
}

#[tokio::test]
async fn another_issuers_words_are_read_as_they_are_configured() {
    let signer = Signer::new("ed", Algorithm::EdDSA);
    let issuer = Issuer::start(Answer::Keys(vec![signer.jwk()])).await;
    let named = |text: &str| text.parse::<RoleName>().unwrap();
    let rules = TokenRules {
        claims: ClaimNames {
            role: "realm_access.roles".parse().unwrap(),
            organisation: "/https:~1~1example.org~1organisation".parse().unwrap(),
            zones: "attributes.elz".parse().unwrap(),
            roles: vec![named("hulpverlener=partner"), named("zorgraad=coordinator")],
        },
        ..issuer.rules()
    };
    let door = Door::with(issuer, &rules);
    let mut claims = door.issuer.claims();
    claims["realm_access"] = json!({"roles": ["offline_access", "hulpverlener"]});
    claims["https://example.org/organisation"] = json!("dmw-oostende-bredene");
    claims["attributes"] = json!({"elz": "gent, oostende-bredene"});
    // What we would call it means nothing here.
    claims["role"] = json!("admin");
    let principal = door.admits(&signer.token(&claims)).await.unwrap();
    assert_eq!(principal.role, Role::Partner);
    assert_eq!(
        principal.organisation.unwrap().as_str(),
        "dmw-oostende-bredene"
    );
    let zones: Vec<&str> = principal.zones.iter().map(ZoneId::as_str).collect();
    assert_eq!(zones, ["gent", "oostende-bredene"]);

    claims["realm_access"] = json!({"roles": ["reporter", "admin"]});
    assert_eq!(door.code(&signer.token(&claims)).await, "KL0002");
    for ours in ["x=service", "x=link_holder", "x=king", "=admin", "admin"] {
        assert!(ours.parse::<RoleName>().is_err(), "{ours}");
    }
}

#[tokio::test]
async fn who_is_not_vouched_for_is_not_the_issuer() {
    let signer = Signer::new("ed", Algorithm::EdDSA);
    let issuer = Issuer::start(Answer::Keys(vec![signer.jwk()])).await;
    let stranger = Issuer::start(Answer::Keys(Vec::new())).await;
    let rules = TokenRules {
        keys: KeySource::Issuer {
            jwks_url: None,
            roots: stranger.roots.clone(),
        },
        ..issuer.rules()
    };
    let door = Door::with(issuer, &rules);
    assert_eq!(
        door.code(&signer.token(&door.issuer.claims())).await,
        "KL0008"
    );
    assert_eq!(door.issuer.asked(), 0);
}
