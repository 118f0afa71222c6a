"""Texts as tokens: tokenizers, their vocabularies and pretrained word vectors."""
