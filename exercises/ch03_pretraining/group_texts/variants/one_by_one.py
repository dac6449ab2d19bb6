# idea: fills a block token by token

def checked(batch):
    columns = {}
    for name in batch:
        if [entry for entry in batch[name] if type(entry) is not list] == []:
            columns[name] = batch[name]
    for one in columns.values():
        for other in columns.values():
            if [len(row) for row in one] != [len(row) for row in other]:
                raise ValueError("the columns do not fit")
    return columns


def group_stream(batches, length):
    filling = {}
    for batch in batches:
        result = {}
        for name, rows in checked(batch).items():
            result[name] = []
            block = filling.setdefault(name, [])
            for row in rows:
                for token in row:
                    block.append(token)
                    if len(block) == length:
                        result[name].append(list(block))
                        block.clear()
        yield result


def group_texts(batch, length):
    return next(iter(group_stream([batch], length)))
