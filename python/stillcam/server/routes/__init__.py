"""The HTTP API: one file a subject, each a class whose `routes` are rows of address, access, handler and description.

Read `status` first; `pictures` serves viewers; `library_files` serves files of the library, of series and of films.
"""
