package admin

import (
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/config"
)

// schemas are those of bodies and answers, which the routes name.
//
//go:embed schemas.json
var schemas []byte

// openAPI describes the routes (OpenAPI 3.1).
func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, s.document())
}

type object = map[string]any

// schema sends the one that editors and forms are made from.
func (s *Server) schema(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/schema+json")
	_, _ = io.WriteString(w, config.Schema) // who asked has left
}

func (s *Server) document() object {
	paths := object{}
	for _, r := range s.routes() {
		at, ok := paths[r.path].(object)
		if !ok {
			at = object{}
			if params := parameters(r.path); len(params) > 0 {
				at["parameters"] = params
			}
			paths[r.path] = at
		}
		at[strings.ToLower(r.method)] = r.operation()
	}
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title":       "faultproxy",
			"version":     s.Version,
			"description": "The admin API of heartbreak's faultproxy. Times are seconds since the proxy's timeline began. Every refusal is a Problem (RFC 9457).",
		},
		"servers":    []object{{"url": "/"}},
		"security":   []object{{}, {"token": []string{}}},
		"paths":      paths,
		"components": object{"schemas": json.RawMessage(schemas), "securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}}},
	}
}

// operation describes one route.
func (r route) operation() object {
	answer := object{"description": http.StatusText(r.status)}
	if r.gives != "" {
		answer["content"] = object{r.mime(): object{"schema": ref(r.gives)}}
	}
	op := object{
		"summary": r.about, "operationId": r.id(),
		"responses": object{
			strconv.Itoa(r.status): answer,
			"default":              object{"description": "Refused", "content": object{"application/problem+json": object{"schema": ref("Problem")}}},
		},
	}
	if r.takes != "" {
		op["requestBody"] = object{"content": object{"application/json": object{"schema": ref(r.takes)}}}
	}
	if len(r.query) > 0 {
		var params []object
		for _, q := range r.query {
			params = append(params, object{"name": q.name, "in": "query", "description": q.about, "schema": object{"type": q.kind}})
		}
		op["parameters"] = params
	}
	return op
}

func (r route) mime() string {
	if r.gives == "Event" {
		return jsonlMime
	}
	return "application/json"
}

func ref(name string) object { return object{"$ref": "#/components/schemas/" + name} }

var inPath = regexp.MustCompile(`\{(\w+)\}`)

// id names the route: its method and the words of its path.
func (r route) id() string {
	words := strings.FieldsFunc(inPath.ReplaceAllString(strings.TrimPrefix(r.path, "/v1/"), "by-$1"), func(c rune) bool { return strings.ContainsRune("/.-", c) })
	id := strings.ToLower(r.method)
	for _, w := range words {
		id += strings.ToUpper(w[:1]) + w[1:]
	}
	return id
}

var aboutParameters = map[string]string{
	"proxy":  "The name of a proxy.",
	"rule":   "The name of a rule; a slash in it is %2F.",
	"conn":   "The number of a connection, from 1, or latest.",
	"action": "What to do.",
}

func parameters(path string) (list []object) {
	for _, m := range inPath.FindAllStringSubmatch(path, -1) {
		schema := object{"type": "string"}
		if m[1] == "action" {
			schema["enum"] = Actions
			if strings.Contains(path, "/port/") {
				schema["enum"] = []string{"refuse", "hang", "resume"}
			}
		}
		list = append(list, object{"name": m[1], "in": "path", "required": true, "description": aboutParameters[m[1]], "schema": schema})
	}
	return list
}
