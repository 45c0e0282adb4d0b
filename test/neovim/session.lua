-- What a person does in a pipeline, in a copy of examples/variants; what came of it goes as JSON to $REPROD_RESULTS.
local results = {}

local function wait(what, condition)
  if not vim.wait(30000, condition, 5) then
    error("waited in vain for " .. what)
  end
end

local function cursor_at(text, into)
  vim.fn.cursor(1, 1)
  local line, column = unpack(vim.fn.searchpos("\\V" .. vim.fn.escape(text, "\\"), "cW"))
  assert(line > 0, "no " .. text)
  vim.fn.cursor(line, column + (into or 0))
end

local function replace(text, with)
  cursor_at(text)
  local line = vim.fn.getline(".")
  local start, stop = line:find(text, 1, true)
  vim.fn.setline(".", line:sub(1, start - 1) .. with .. line:sub(stop + 1))
end

local function all_lines(name)
  return vim.api.nvim_buf_get_lines(vim.fn.bufnr(name), 0, -1, true)
end

local function diagnostics()
  local list = {}
  for _, found in ipairs(vim.diagnostic.get(0)) do
    table.insert(list, {
      code = found.code or (found.user_data and found.user_data.lsp and found.user_data.lsp.code) or "",
      message = found.message,
      line = found.lnum,
      column = found.col,
      severity = found.severity,
    })
  end
  return list
end

local function has_code(code)
  return function()
    for _, found in ipairs(diagnostics()) do
      if found.code == code then
        return true
      end
    end
    return false
  end
end

local function float()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      return window
    end
  end
end

local function session()
  vim.cmd("edit variants.reprod")
  results.filetype = vim.bo.filetype
  wait("a server that is attached", function()
    return next(vim.lsp.buf_get_clients(0)) ~= nil
  end)
  local _, client = next(vim.lsp.buf_get_clients(0))
  results.root = client.config.root_dir
  results.encoding = client.offset_encoding

  -- An edit that breaks, and its undoing.
  replace("seeds[0]", "seedz[0]")
  wait("a diagnostic", has_code("reprod/unknown-name"))
  results.broken = diagnostics()
  vim.cmd("undo")
  wait("no such diagnostic", function()
    return not has_code("reprod/unknown-name")()
  end)
  results.mended = diagnostics()

  cursor_at("called[name] = Call", 1)
  -- States come in the background: a hover before that says what is known, and a later one says more.
  wait("a hover that counts nodes", function()
    vim.lsp.buf.hover()
    wait("a hover", float)
    results.hover = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(float()), 0, -1, true)
    vim.api.nvim_win_close(float(), true)
    return table.concat(results.hover, "\n"):find("3 nodes", 1, true) ~= nil
  end)

  -- Completions behind a half-typed argument, as omni completion asks for them.
  replace("min_quality, min_depth }", "min_quality, min_de }")
  cursor_at("min_quality, min_de }", #"min_quality, min_de")
  local answers = vim.lsp.buf_request_sync(0, "textDocument/completion", vim.lsp.util.make_position_params(), 30000)
  local answer = answers[client.id]
  results.completions = {}
  for _, item in ipairs(vim.lsp.util.text_document_completion_list_to_complete_items(answer.result, "min_de")) do
    table.insert(results.completions, item.word)
  end
  vim.cmd("undo")

  -- Formatting puts two spaces back to none.
  replace("node index = Index { genome }", "node   index=Index {genome}")
  vim.lsp.buf.formatting_sync(nil, 30000)
  results.formatted = vim.fn.getline(vim.fn.search("node *index"))

  -- Rename of a transform changes the file that imports it and the file that declares it.
  cursor_at("= Filter {", 2)
  vim.lsp.buf.rename("FilterCalls")
  wait("the renamed files", function()
    return vim.fn.search("FilterCalls {", "nw") > 0 and vim.fn.bufexists("transforms.reprod") == 1
  end)
  results.renamed = { here = all_lines("variants.reprod"), there = all_lines("transforms.reprod") }

  -- Into the imported file, whose buffer the server attaches to as well.
  cursor_at("= Score {", 2)
  vim.lsp.buf.definition()
  wait("the jump", function()
    return vim.fn.expand("%:t") == "transforms.reprod"
  end)
  results.definition = { file = vim.fn.expand("%:t"), line = vim.fn.getline("."), column = vim.fn.col(".") }
  results.clients = vim.tbl_count(vim.lsp.get_active_clients())
end

local done, problem = xpcall(session, debug.traceback)
if not done then
  results.problem = problem
end
vim.fn.writefile({ vim.fn.json_encode(results) }, vim.env.REPROD_RESULTS)
vim.cmd("qall!")
