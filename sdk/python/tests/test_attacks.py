"""What is not accepted, and what is."""

import base64
import hashlib
import hmac
import json
import logging
import time
from dataclasses import FrozenInstanceError, asdict
from datetime import datetime, timezone

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa

from vestibule import Identity, InvalidToken, Issuer, Unavailable, Verifier, _keys
from vestibule.testing import LocalIssuer, SigningKey, encode

AUDIENCE = "https://api.example.org"


@pytest.fixture(scope="module")
def house():
    with LocalIssuer(AUDIENCE, "RS256") as acme, LocalIssuer(AUDIENCE) as other, LocalIssuer(AUDIENCE) as stranger:
        yield House(acme, other, stranger)


class House:
    """Two issuers that are configured, and one that is not."""

    def __init__(self, acme, other, stranger):
        self.acme, self.other, self.stranger = acme, other, stranger
        self.verifier = Verifier([acme.issuer, other.issuer])
        self.verifier.verify(acme.token())
        self.verifier.verify(other.token())

    @property
    def key(self):
        return self.acme.keys[-1]

    def header(self, **more):
        header = {"alg": self.key.algorithm, "kid": self.key.kid, "typ": "JWT", **more}
        return {name: value for name, value in header.items() if value is not None}

    def with_header(self, **more):
        return self.key.sign(self.header(**more), self.acme.claims())

    def hmac(self, secret, header):
        signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(self.acme.claims()).encode())}"
        return f"{signed}.{encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"

    def raw_claims(self, **texts):
        """A token whose claims are put together from their JSON texts, in which a name may be there twice."""
        members = [f"{json.dumps(name)}:{json.dumps(value)}" for name, value in self.acme.claims().items()]
        return self.key.sign(self.header(), ("{" + ",".join([*members, *texts.values()]) + "}").encode())


def pem(key):
    return key.private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def der(key):
    return key.private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def unsigned(token):
    return token.rsplit(".", 1)[0] + "."


def flipped(token):
    head, claims, signature = token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[7] ^= 1
    return f"{head}.{claims}.{encode(bytes(raw))}"


def cut(token, left):
    """A token with the first bytes of its signature."""
    rest, signature = token.rsplit(".", 1)
    return f"{rest}.{encode(base64.urlsafe_b64decode(signature + '==')[:left])}"


def with_tail(token, bits):
    """The same signature, spelt differently: the last character has bits that no byte is made of."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) | bits]


def other_claims(token, **claims):
    """A token that somebody changed on the way."""
    head, body, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    return f"{head}.{encode(json.dumps({**said, **claims}).encode())}.{signature}"


NOW = int(time.time())

# By what is tried: the token, and the reason in the log. A reason that is not the expected one would mean that something else stopped
# the attack, and that the check which is meant was never reached.
ATTACKS = {
    "alg none, unsigned": (lambda h: unsigned(h.with_header(alg="none")), "not the key's algorithm"),
    "alg None, unsigned": (lambda h: unsigned(h.with_header(alg="None")), "not the key's algorithm"),
    "alg none, signed": (lambda h: h.with_header(alg="none"), "not the key's algorithm"),
    "alg none without a kid": (lambda h: unsigned(h.with_header(alg="none", kid=None)), "the header is none that an issuer writes"),
    "unsigned": (lambda h: unsigned(h.acme.token()), "the signature does not fit"),
    "HS256 with the public key in PEM for a secret": (lambda h: h.hmac(pem(h.key), h.header(alg="HS256")), "not the key's algorithm"),
    "HS256 with the public key in DER for a secret": (lambda h: h.hmac(der(h.key), h.header(alg="HS256")), "not the key's algorithm"),
    "HS256 that says RS256": (lambda h: h.hmac(pem(h.key), h.header()), "the signature does not fit"),
    "HS256 as the server makes it, without a kid": (
        lambda h: h.hmac(b"s" * 32, {"alg": "HS256", "typ": "JWT"}), "the header is none that an issuer writes"),
    "alg of another family": (lambda h: h.with_header(alg="ES256"), "not the key's algorithm"),
    "alg of the same family": (lambda h: h.with_header(alg="PS256"), "not the key's algorithm"),
    "alg in small letters": (lambda h: h.with_header(alg="rs256"), "not the key's algorithm"),
    "alg that is no text": (lambda h: h.with_header(alg=["RS256"]), "not the key's algorithm"),
    "alg missing": (lambda h: h.with_header(alg=None), "the header is none that an issuer writes"),
    "kid unknown": (lambda h: h.with_header(kid="unknown"), "the issuer has no such key"),
    "kid missing": (lambda h: h.with_header(kid=None), "the header is none that an issuer writes"),
    "kid empty": (lambda h: h.with_header(kid=""), "kid is no text"),
    "kid that is no text": (lambda h: h.with_header(kid=[h.key.kid]), "kid is no text"),
    "kid of another issuer": (
        lambda h: h.other.keys[-1].sign(h.header(alg="ES256", kid=h.other.keys[-1].kid), h.acme.claims()), "the issuer has no such key"),
    "signed by another key under this kid": (lambda h: SigningKey("RS256").sign(h.header(), h.acme.claims()), "the signature does not fit"),
    "typ of something else": (lambda h: h.with_header(typ="logout+jwt"), "the header is none that an issuer writes"),
    "typ missing": (lambda h: h.with_header(typ=None), "the header is none that an issuer writes"),
    "crit": (lambda h: h.with_header(crit=["exp"]), "the header is none that an issuer writes"),
    "a key that it brings along": (lambda h: h.with_header(jwk=h.key.jwk), "the header is none that an issuer writes"),
    "an address of keys": (lambda h: h.with_header(jku=h.stranger.url), "the header is none that an issuer writes"),
    "an issuer that is not configured": (lambda h: h.stranger.token(), "another issuer"),
    "an issuer with a slash": (lambda h: h.acme.token(iss=h.acme.url + "/"), "another issuer"),
    "an issuer in capitals": (lambda h: h.acme.token(iss=h.acme.url.upper()), "another issuer"),
    "an issuer among others": (lambda h: h.acme.token(iss=[h.acme.url]), "another issuer"),
    "no issuer": (lambda h: h.acme.token(iss=None), "another issuer"),
    "another audience": (lambda h: h.acme.token(aud="https://other.example.org"), "another audience"),
    "the issuer as audience": (lambda h: h.acme.token(aud=h.acme.url), "another audience"),
    "aud as a list": (lambda h: h.acme.token(aud=[AUDIENCE]), "another audience"),
    "aud as a list with others": (lambda h: h.acme.token(aud=[AUDIENCE, "https://other.example.org"]), "another audience"),
    "no aud": (lambda h: h.acme.token(aud=None), "another audience"),
    "a refresh token": (lambda h: h.acme.token(token_use="refresh"), "another use"),
    "a token without a use": (lambda h: h.acme.token(token_use=None), "another use"),
    "expired": (lambda h: h.acme.token(iat=NOW - 900, exp=NOW - 1), "expired"),
    "expired at the first second": (lambda h: h.acme.token(iat=0, exp=1), "expired"),
    "no exp": (lambda h: h.acme.token(exp=None), "exp or iat is missing or no whole number"),
    "exp as text": (lambda h: h.acme.token(exp=str(NOW + 300)), "exp or iat is missing or no whole number"),
    "exp with a fraction": (lambda h: h.acme.token(exp=NOW + 300.5), "exp or iat is missing or no whole number"),
    "exp true": (lambda h: h.acme.token(exp=True), "exp or iat is missing or no whole number"),
    "exp without an end": (lambda h: h.acme.token(exp=10**30), "exp or iat is missing or no whole number"),
    "exp below zero": (lambda h: h.acme.token(exp=-1), "exp or iat is missing or no whole number"),
    "exp NaN": (lambda h: h.acme.token(exp=float("nan")), "a number is none"),
    "exp infinite": (lambda h: h.acme.token(exp=float("inf")), "a number is none"),
    "no iat": (lambda h: h.acme.token(iat=None), "exp or iat is missing or no whole number"),
    "from the future": (lambda h: h.acme.token(iat=NOW + 3000, exp=NOW + 6000), "from the future"),
    "made after it expired": (lambda h: h.acme.token(iat=NOW + 250, exp=NOW + 200), "from the future"),
    "nbf": (lambda h: h.acme.token(nbf=NOW - 10), "has nbf, which an issuer does not write"),
    "sub that is a number": (lambda h: h.acme.token(sub=1), "sub is missing or no text"),
    "sub that is empty": (lambda h: h.acme.token(sub=""), "sub is missing or no text"),
    "no sub": (lambda h: h.acme.token(sub=None), "sub is missing or no text"),
    "sid that is a list": (lambda h: h.acme.token(sid=["a"]), "sid is missing or no text"),
    "no jti": (lambda h: h.acme.token(jti=None), "jti is missing or no text"),
    "a claim twice": (lambda h: h.raw_claims(a='"sub":"root"'), "a member is there twice"),
    "a claim twice, once with escapes": (lambda h: h.raw_claims(a='"s\\u0075b":"root"'), "a member is there twice"),
    "a claim of the tenant's own twice, further in": (
        lambda h: h.raw_claims(a='"x":{"role":"none","role":"owner"}'), "a member is there twice"),
    "a member of the header twice": (
        lambda h: h.key.sign(f'{{"alg":"none","alg":"RS256","kid":"{h.key.kid}","typ":"JWT"}}'.encode(), h.acme.claims()),
        "a member is there twice"),
    "claims changed on the way": (lambda h: other_claims(h.acme.token("ann"), sub="bob"), "the signature does not fit"),
    "claims changed to another issuer's": (lambda h: other_claims(h.acme.token(), iss=h.other.url), "the issuer has no such key"),
    "a bit of the signature": (lambda h: flipped(h.acme.token()), "the signature does not fit"),
    "a truncated signature": (lambda h: cut(h.acme.token(), 255), "the signature does not fit"),
    "half a signature": (lambda h: cut(h.other.token(), 32), "the signature does not fit"),
    "a signature cut within a byte": (lambda h: h.acme.token()[:-1], "a part is not base64url"),
    "a signature of another spelling": (lambda h: with_tail(h.acme.token(), 1), "a part is not base64url"),
    "padding": (lambda h: h.acme.token() + "=", "a part is not base64url"),
    "a line break at the end": (lambda h: h.acme.token() + "\n", "a part is not base64url"),
    "a space within": (lambda h: h.acme.token().replace(".", ". ", 1), "a part is not base64url"),
    "base64 of the other alphabet": (lambda h: h.acme.token()[:-4] + "++//", "a part is not base64url"),
    "oversize": (lambda h: h.acme.token(padding="x" * 8192), "too long"),
    "oversize garbage": (lambda h: "x" * 10_000_000, "too long"),
    "garbage": (lambda h: "garbage", "not three parts"),
    "nothing": (lambda h: "", "not three parts"),
    "dots": (lambda h: "..", "a part is not JSON"),
    "four parts": (lambda h: h.acme.token() + ".x", "not three parts"),
    "five parts, as if encrypted": (lambda h: h.acme.token() + ".x.y", "not three parts"),
    "no text": (lambda h: h.acme.token().encode(), "not text"),
    "None": (lambda h: None, "not text"),
    "letters beyond ASCII": (lambda h: h.acme.token() + "é", "not text"),
    "a header that is a list": (lambda h: h.key.sign(b"[]", h.acme.claims()), "a part is no object"),
    "claims that are text": (lambda h: h.key.sign(h.header(), b'"claims"'), "a part is no object"),
    "claims that are no UTF-8": (lambda h: h.key.sign(h.header(), b'{"iss":"\xff"}'), "a part is not JSON"),
    "claims with something behind": (lambda h: h.key.sign(h.header(), json.dumps(h.acme.claims()).encode() + b"{}"), "a part is not JSON"),
    "claims that are a deep hole": (lambda h: h.key.sign(h.header(), b"[" * 5000), "a part is not JSON"),
    "a number that never ends": (lambda h: h.key.sign(h.header(), b'{"iat":' + b"9" * 5000 + b"}"), None),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_is_refused(house, attack):
    make, reason = ATTACKS[attack]
    with pytest.raises(InvalidToken) as refused:
        house.verifier.verify(make(house))
    if reason is not None:
        assert str(refused.value) == reason


def test_whoever_is_not_configured_is_never_asked(house):
    elsewhere = house.stranger.url
    for token in (house.stranger.token(), house.acme.token(iss=elsewhere), house.with_header(jku=elsewhere + "/.well-known/jwks.json")):
        with pytest.raises(InvalidToken):
            house.verifier.verify(token)
    assert house.stranger.fetches == 0


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_good_token_says_whom_it_stands_for(algorithm):
    with LocalIssuer(AUDIENCE, algorithm) as issuer:
        token = issuer.token("ann", sid="s1", email="ann@example.org", **{"https://example.org/roles": ["member", {"of": "x"}]})
        identity = Verifier([issuer.issuer]).verify(token)
    assert (identity.issuer, identity.subject, identity.session) == (issuer.url, "ann", "s1")
    assert identity.expires == datetime.fromtimestamp(identity.claims["exp"], timezone.utc)
    assert identity.claims["email"] == "ann@example.org" and identity.claims["https://example.org/roles"] == ["member", {"of": "x"}]
    assert asdict(identity)["subject"] == "ann" and isinstance(hash(identity), int)
    assert "ann@example.org" not in repr(identity)  # claims do not get into logs by the way
    with pytest.raises(FrozenInstanceError):
        identity.subject = "bob"


def test_clocks_may_differ_by_five_minutes_one_way():
    now = [1_000_000]
    with LocalIssuer(AUDIENCE) as issuer:
        verifier = Verifier([issuer.issuer], clock=lambda: now[0])
        verifier.verify(issuer.token(iat=1_000_300, exp=1_000_600))
        with pytest.raises(InvalidToken, match="from the future"):
            verifier.verify(issuer.token(iat=1_000_301, exp=1_000_600))
        now[0] = 1_000_600 - 0.001
        verifier.verify(issuer.token(iat=1_000_000, exp=1_000_600))
        now[0] = 1_000_600  # there is no leeway at the end
        with pytest.raises(InvalidToken, match="expired"):
            verifier.verify(issuer.token(iat=1_000_000, exp=1_000_600))


def test_the_same_subject_at_two_issuers_is_two_people(house):
    one, two = house.verifier.verify(house.acme.token("ann")), house.verifier.verify(house.other.token("ann"))
    assert one != two and one.issuer != two.issuer
    assert isinstance(one, Identity)


@pytest.mark.parametrize("url", [
    "http://auth.example.org", "ftp://auth.example.org", "auth.example.org", "", "https://", "https://auth.example.org/",
    "https://u:p@auth.example.org", "https://auth.example.org?x", "https://auth.example.org#x", "https://auth.example.org:port",
    "https://auth.example.org/ x", "http://127.0.0.1.example.org",
    "http://localhost.example.org", "http://10.0.0.1", "file:///etc/passwd", "https://auth.example.org\n",
])
def test_an_address_that_keys_are_not_fetched_from(url):
    with pytest.raises(ValueError):
        Verifier([Issuer(url, AUDIENCE)])


@pytest.mark.parametrize("url", [
    "https://auth.example.org", "https://auth.example.org:8443/a", "http://localhost:8080", "http://acme.localhost", "http://127.3.2.1",
    "http://[::1]:80",
])
def test_an_address_that_keys_are_fetched_from(url):
    Verifier([Issuer(url, AUDIENCE)])


def test_http_can_be_allowed():
    Verifier([Issuer("http://auth.internal:8080", AUDIENCE)], allow_http=True)


@pytest.mark.parametrize("issuers", [
    [], [Issuer("https://a.example.org", "")], [Issuer("https://a.example.org", None)], [Issuer("https://a.example.org", "x")] * 2,
])
def test_a_configuration_that_makes_no_sense(issuers):
    with pytest.raises(ValueError):
        Verifier(issuers)


@pytest.mark.parametrize("algorithm, spoil", [
    ("RS256", {"alg": "HS256"}), ("RS256", {"alg": "none"}), ("RS256", {"alg": None}), ("RS256", {"use": "enc"}),
    ("RS256", {"kty": "oct", "k": "c2VjcmV0"}), ("RS256", {"n": None}), ("RS256", {"alg": "ES256"}), ("ES256", {"crv": "P-384"}),
    ("ES256", {"x": "AAAA"}), ("EdDSA", {"crv": "Ed448"}), ("EdDSA", {"x": 5}), ("ES256", {"y": "A" * 43}),
])
def test_a_published_key_that_nobody_signs_with_is_passed_over(algorithm, spoil, caplog):
    with LocalIssuer(AUDIENCE, algorithm) as issuer:
        token = issuer.token()
        issuer.keys[0].jwk = {**issuer.keys[0].jwk, **spoil}
        good = issuer.rotate()
        verifier = Verifier([issuer.issuer])
        with caplog.at_level(logging.WARNING), pytest.raises(InvalidToken, match="the issuer has no such key"):
            verifier.verify(token)
        assert "a published key is passed over" in caplog.text
        verifier.verify(good.sign({"alg": algorithm, "kid": good.kid, "typ": "JWT"}, issuer.claims()))


def test_real_keys_of_other_curves_are_none_for_these_algorithms():
    """They are sound keys of the same families, so that nothing but their curve speaks against them."""
    point = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    raw = ed448.Ed448PrivateKey.generate().public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    for jwk in (
        {"kty": "EC", "crv": "P-384", "alg": "ES256", "x": encode(point.x.to_bytes(48, "big")), "y": encode(point.y.to_bytes(48, "big"))},
        {"kty": "OKP", "crv": "Ed448", "alg": "EdDSA", "x": encode(raw)},
    ):
        with pytest.raises(ValueError, match="it is not one for"):
            _keys.Key(jwk)


def test_a_published_private_key_is_read_as_a_public_one():
    """A mistake of whoever publishes it, which must not make this side hold a private key."""
    pair = SigningKey("RS256")
    numbers = pair.private.private_numbers()
    private = {name: encode(value.to_bytes(256, "big")) for name, value in {
        "d": numbers.d, "p": numbers.p, "q": numbers.q, "dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}.items()}
    key = _keys.Key({**pair.jwk, **private})
    assert isinstance(key._key, rsa.RSAPublicKey)


def test_every_key_of_the_testing_issuer_can_be_read():
    """One coordinate in 256 begins with a zero, which must not be left out."""
    for _ in range(1000):
        _keys.Key(SigningKey().jwk)


def test_short_rsa_keys_are_passed_over():
    with LocalIssuer(AUDIENCE, "RS256") as issuer:
        short = SigningKey.__new__(SigningKey)
        short.__dict__.update(issuer.keys[0].__dict__)
        short.private = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        numbers = short.private.public_key().public_numbers()
        short.jwk = {**short.jwk, "n": encode(numbers.n.to_bytes(128, "big"))}
        issuer.keys = [short]
        with pytest.raises(InvalidToken, match="the issuer has no such key"):
            Verifier([issuer.issuer]).verify(issuer.token())


def test_what_is_unavailable_is_not_invalid():
    assert not issubclass(Unavailable, InvalidToken) and not issubclass(InvalidToken, Unavailable)
