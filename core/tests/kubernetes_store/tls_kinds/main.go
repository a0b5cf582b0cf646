// Serves TLS as an API server does, which is Go: with a certificate and an authority of each kind.
// Prints a line of JSON for each kind, and ends with its standard input.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"time"
)

type certificate struct {
	parsed *x509.Certificate
	key    crypto.Signer
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func newKey(kind string) crypto.Signer {
	switch kind {
	case "RSA 1024":
		return must(rsa.GenerateKey(rand.Reader, 1024))
	case "RSA 2048":
		return must(rsa.GenerateKey(rand.Reader, 2048))
	case "RSA 3072":
		return must(rsa.GenerateKey(rand.Reader, 3072))
	case "RSA 4096":
		return must(rsa.GenerateKey(rand.Reader, 4096))
	case "P-256":
		return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	case "P-384":
		return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	case "P-521":
		return must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	case "Ed25519":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return must(key, err)
	}
	panic(kind)
}

var (
	serial  int64
	address = net.IPv4(127, 0, 0, 1)
	until   = time.Now().Add(time.Hour)
)

// Signed by issuer, or by itself.
func newCertificate(name, kind string, isAuthority bool, algorithm x509.SignatureAlgorithm, issuer *certificate) *certificate {
	serial++
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(serial),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              until,
		BasicConstraintsValid: true,
		IsCA:                  isAuthority,
		SignatureAlgorithm:    algorithm,
		IPAddresses:           []net.IP{address},
	}
	if isAuthority {
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	}
	made := &certificate{key: newKey(kind)}
	parent, signer := template, made.key
	if issuer != nil {
		parent, signer = issuer.parsed, issuer.key
	}
	der := must(x509.CreateCertificate(rand.Reader, template, parent, made.key.Public(), signer))
	made.parsed = must(x509.ParseCertificate(der))
	return made
}

func serve(name string, authority *certificate, chain ...*certificate) {
	shown := tls.Certificate{PrivateKey: chain[0].key}
	for _, link := range chain {
		shown.Certificate = append(shown.Certificate, link.parsed.Raw)
	}
	listener := must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{shown}}))
	go http.Serve(listener, http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		writer.Header().Set("Content-Type", "application/json")
		writer.WriteHeader(http.StatusNotFound)
		io.WriteString(writer, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"",`+
			`"reason":"NotFound","details":{"kind":"leases"},"code":404}`)
	}))
	json.NewEncoder(os.Stdout).Encode(map[string]string{
		"name":   name,
		"server": "https://" + listener.Addr().String(),
		"ca":     string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.parsed.Raw})),
	})
}

func main() {
	const byKey = x509.UnknownSignatureAlgorithm
	authority := func(kind string) *certificate {
		return newCertificate("authority", kind, true, byKey, nil)
	}
	kinds := []string{"RSA 1024", "RSA 2048", "RSA 3072", "RSA 4096", "P-256", "P-384", "P-521", "Ed25519"}
	for _, kind := range kinds {
		ca := authority(kind)
		serve("an authority with "+kind, ca, newCertificate("server", "P-256", false, byKey, ca))
		ca = authority("P-256")
		serve("a server with "+kind, ca, newCertificate("server", kind, false, byKey, ca))
	}
	for _, signed := range []struct {
		kind, how string
		algorithm x509.SignatureAlgorithm
	}{
		{"RSA 2048", "PSS", x509.SHA256WithRSAPSS},
		{"RSA 2048", "SHA-512", x509.SHA512WithRSA},
		{"P-256", "SHA-384", x509.ECDSAWithSHA384},
		{"P-256", "SHA-512", x509.ECDSAWithSHA512},
		{"P-384", "SHA-256", x509.ECDSAWithSHA256},
		{"P-384", "SHA-512", x509.ECDSAWithSHA512},
	} {
		ca := authority(signed.kind)
		server := newCertificate("server", "P-256", false, signed.algorithm, ca)
		serve("signed by "+signed.kind+" with "+signed.how, ca, server)
	}
	root := authority("RSA 4096")
	first := newCertificate("first", "P-384", true, byKey, root)
	second := newCertificate("second", "Ed25519", true, byKey, first)
	server := newCertificate("server", "RSA 2048", false, byKey, second)
	serve("two between authority and server", root, server, second, first)
	serve("one between that is trusted itself", first, server, second)
	own := newCertificate("server", "P-256", false, byKey, nil)
	serve("a server that is its own authority", own, own)
	own = newCertificate("server", "P-256", true, byKey, nil)
	serve("a server that is its own authority, and says so", own, own)
	leaf := newCertificate("server", "P-256", false, byKey, root)
	serve("a server that is trusted itself", leaf, leaf)

	for _, isAuthority := range []bool{false, true} {
		address, until = net.IPv4(127, 0, 0, 2), time.Now().Add(time.Hour)
		other := newCertificate("server", "P-256", isAuthority, byKey, root)
		serve("never: trusted itself, of another address", other, other)
		address, until = net.IPv4(127, 0, 0, 1), time.Now().Add(-time.Minute)
		old := newCertificate("server", "P-256", isAuthority, byKey, root)
		serve("never: trusted itself, and expired", old, old)
	}

	io.WriteString(os.Stdout, "\n")
	io.Copy(io.Discard, os.Stdin)
}
