"""What people are told, and what becomes of it: in the centre, in a browser, in a digest.

A reaction decides whom an event concerns (`inbox.reactions.notices`); `telling` keeps one notice a person,
ticket and kind until it is read; `centre` shows them; `push` and `digest` carry them further. A notice holds
ids and a kind, never what anybody wrote.
"""
