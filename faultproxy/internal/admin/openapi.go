package admin

import "net/http"

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) { reply(w, 200, map[string]any{}) }
