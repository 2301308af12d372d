package dashboard

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// howToGetTheToken is told to whoever comes without it.
const howToGetTheToken = "this dashboard needs the cluster's token: open it as /?token=TOKEN, or send the header \"Authorization: Bearer TOKEN\""

// secure adds the headers that keep the page to itself: no script, style or
// connection but its own, no frame around it, no address told to others.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// local refuses, where there is no token, every request to a name other than
// localhost or a loopback address: a foreign page whose name points to this
// machine (DNS rebinding) sends its own name as host.
func (h *handler) local(next http.Handler) http.Handler {
	if h.token != "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			problem(w, http.StatusForbidden, "without a token this dashboard answers only as localhost, not as "+r.Host)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// protect lets through what shows the token. A request that changes something
// must besides carry a header that no foreign page can send without asking
// first: Authorization, or Ritz-Request where there is no token.
func (h *handler) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.token != "" {
			scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			if !strings.EqualFold(scheme, "Bearer") || !h.allowed(strings.TrimSpace(given)) {
				w.Header().Set("WWW-Authenticate", `Bearer realm="ritz"`)
				problem(w, http.StatusUnauthorized, howToGetTheToken)
				return
			}
		}
		if h.token == "" && r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get("Ritz-Request") == "" {
			problem(w, http.StatusForbidden, `a request that changes something needs the header "Ritz-Request: 1"`)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// allowed compares in a time that depends on neither the tokens nor their
// lengths.
func (h *handler) allowed(given string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(h.token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
