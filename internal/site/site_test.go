package site_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vestibule-auth/vestibule/internal/site"
)

// Most of what this package promises is tested where it serves the operators' pages, in web/admin.

const index = `<meta name="one" content="__ONE__"><meta name="two" content="__TWO__"><script nonce="__NONCE__">__THREE__</script>`

func get(s *site.Site, target string, facts func() (site.Facts, error)) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Serve(w, httptest.NewRequest(http.MethodGet, target, nil), facts)
	return w
}

func TestFactsAreTextAndNothingElse(t *testing.T) {
	build := fstest.MapFS{"index.html": {Data: []byte(index)}}
	w := get(site.New(build, nil), "/", func() (site.Facts, error) {
		return site.Facts{"__ONE__": `__TWO__ __NONCE__ "><script>`, "__TWO__": "__ONE__"}, nil
	})
	const want = `<meta name="one" content="__TWO__ __NONCE__ &#34;&gt;&lt;script&gt;"><meta name="two" content="__ONE__"><script nonce="`
	if body := w.Body.String(); !strings.HasPrefix(body, want) || !strings.HasSuffix(body, `">__THREE__</script>`) {
		t.Errorf("the page is %s", body)
	}
}

func TestWithoutABuildOnePageSaysSo(t *testing.T) {
	embedded := fstest.MapFS{"dist.absent.html": {Data: []byte("elsewhere")}}
	if site.Built(site.Dist(embedded)) {
		t.Error("an app is said to be there that is not")
	}
	s := site.New(site.Dist(embedded), []byte("not built"))
	unasked := func() (site.Facts, error) { return nil, errors.New("asked for nothing") }
	for _, target := range []string{"/", "/signup", "/index.html"} {
		w := get(s, target, unasked)
		if w.Code != http.StatusNotFound || w.Body.String() != "not built" || w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	embedded["dist/index.html"] = &fstest.MapFile{Data: []byte(index)}
	if !site.Built(site.Dist(embedded)) {
		t.Error("an app is there and not found")
	}
}
