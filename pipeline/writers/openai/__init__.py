"""The writer `openai`: a language model behind any server that speaks OpenAI's chat protocol."""
